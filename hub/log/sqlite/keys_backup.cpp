#include "hub/log/sqlite/keys_backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hub/base/limits.hpp"
#include "hub/log/sqlite/connection.hpp"

namespace iro::log {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view prefix = "keys-";
constexpr std::int64_t hour_ms = 3'600'000;

Status sync_path(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) return fail(Errc::io, fmt::format("{}: {}", path.string(), std::strerror(error)));
  return {};
}

/// All pages in one transaction of the source: keys.db is small.
Status copy_database(SQLite::Database& from, const fs::path& file) {
  try {
    SQLite::Database to(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 0, page_vfs_name);
    to.exec("PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY");
    sqlite3_backup* copy = sqlite3_backup_init(to.getHandle(), "main", from.getHandle(), "main");
    if (copy == nullptr) return fail(error_of(SQLite::Exception(to.getHandle()), to.getHandle(), "copy keys.db"));
    const int rc = sqlite3_backup_step(copy, -1);
    sqlite3_backup_finish(copy);
    if (rc != SQLITE_DONE)
      return fail(error_of(SQLite::Exception(sqlite3_errstr(rc), rc), to.getHandle(), "copy keys.db"));
  } catch (const SQLite::Exception& e) {
    return fail(error_of(e, nullptr, "copy keys.db"));
  }
  return {};
}

}  // namespace

Result<fs::path> backup_keys(const fs::path& data, const fs::path& root, TimeMs now) {
  auto from = open_connection(data / "keys.db", {});
  if (!from) return fail(from.error());
  const fs::path folder = root / (std::string(prefix) + format_time(now));
  std::error_code ec;
  fs::create_directories(root, ec);
  if (!ec && !fs::create_directory(folder, ec) && !ec) return fail(Errc::exists, folder.string() + " is there already");
  if (!ec) fs::permissions(folder, fs::perms::owner_all, ec);
  if (ec) return fail(Errc::io, folder.string() + ": " + ec.message());
  const fs::path file = folder / "keys.db";
  Status done = copy_database(**from, file);
  if (done) fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write, ec);
  if (done) done = sync_path(file);
  if (done) done = sync_path(folder);
  if (done) done = sync_path(root);
  if (!done) {
    fs::remove_all(folder, ec);
    return fail(done.error().within("back up keys.db"));
  }
  return folder;
}

Result<std::size_t> prune_keys_backups(const fs::path& root, TimeMs now) {
  std::error_code ec;
  if (!fs::exists(root, ec)) return std::size_t{0};
  std::size_t removed = 0;
  fs::directory_iterator folders(root, ec);
  if (ec) return fail(Errc::io, root.string() + ": " + ec.message());
  for (const auto& folder : folders) {
    const std::string name = folder.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const auto made = parse_time(name.substr(prefix.size()));
    if (!made || now.value() - made->value() + hour_ms < limits::keys_backup_days * 24 * hour_ms) continue;
    fs::remove_all(folder.path(), ec);
    if (ec) return fail(Errc::io, folder.path().string() + ": " + ec.message());
    ++removed;
  }
  return removed;
}

}  // namespace iro::log

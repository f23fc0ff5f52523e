#include "adapters/client/database.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace iro::client {
namespace {

constexpr int busy_ms = 5'000;  // a reader in another program (sqlite3, a backup) may look for a moment

void drop_page_cache(const std::filesystem::path& path) {
  for (const char* suffix : {"", "-wal"}) {
    const int fd = ::open((path.string() + suffix).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  }
}

}  // namespace

Error database_error(const SQLite::Exception& e) {
  switch (e.getErrorCode()) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Errc::corrupt, e.what()};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Errc::locked, e.what()};
    case SQLITE_FULL:
      return {Errc::disk_full, std::string("this machine's disk: ") + e.what()};
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return {Errc::io, e.what()};
    default:
      return {Errc::internal, e.what()};
  }
}

Result<std::unique_ptr<SQLite::Database>> open_writer(const std::filesystem::path& path) {
  return guarded(path.string(), [&]() -> Result<std::unique_ptr<SQLite::Database>> {
    drop_page_cache(path);
    auto db = std::make_unique<SQLite::Database>(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_ms);
    // What is deleted is overwritten: events, and the operator's erasures, name people.
    db->exec("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA secure_delete=ON;");
    if (db->execAndGet("PRAGMA journal_mode=WAL").getString() != "wal") {
      return fail(Errc::io, "the file system has no shared memory for SQLite's WAL");
    }
    db->exec("PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216;");
    return db;
  });
}

Result<std::unique_ptr<SQLite::Database>> open_reader(const std::filesystem::path& path) {
  return guarded(path.string(), [&]() -> Result<std::unique_ptr<SQLite::Database>> {
    auto db = std::make_unique<SQLite::Database>(path.string(), SQLite::OPEN_READONLY, busy_ms);
    sqlite3_db_config(db->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return db;
  });
}

Result<std::unique_ptr<SQLite::Database>> open_in_memory() {
  return guarded("open a database in memory", []() -> Result<std::unique_ptr<SQLite::Database>> {
    return std::make_unique<SQLite::Database>(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  });
}

Status check_format(SQLite::Database& db, const std::string& table, int format) {
  db.exec("CREATE TABLE IF NOT EXISTS " + table + "(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT");
  SQLite::Statement find(db, "SELECT CAST(value AS INTEGER) FROM " + table + " WHERE key='format'");
  if (!find.executeStep()) {
    SQLite::Statement put(db, "INSERT INTO " + table + " VALUES('format', CAST(? AS BLOB))");
    put.bind(1, std::to_string(format));
    put.exec();
    return {};
  }
  const int found = find.getColumn(0).getInt();
  if (found == format) return {};
  return fail(found > format ? Errc::format_newer : Errc::corrupt,
              fmt::format("the file has format {}, this program knows {}", found, format));
}

Result<FileLock> take_folder(const std::filesystem::path& folder) {
  std::error_code ec;
  std::filesystem::create_directories(folder.parent_path(), ec);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Errc::io, fmt::format("make folder {}: {}", folder.string(), std::strerror(errno)));
  }
  return FileLock::take(folder / "lock", 0600);
}

}  // namespace iro::client

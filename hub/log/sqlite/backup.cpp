#include "hub/log/sqlite/backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"

namespace iro::log {
namespace {

constexpr const char* unfinished_name = "log.db.unfinished";  // until it is verified

Status sync_path(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) return fail(Errc::io, fmt::format("{}: {}", path.string(), std::strerror(error)));
  return {};
}

}  // namespace

BackupJob::BackupJob(SqliteLog& log, std::filesystem::path file) : log_(&log), file_(std::move(file)) {}

Result<std::unique_ptr<BackupJob>> BackupJob::begin(SqliteLog& log, const std::filesystem::path& destination) {
  if (log.backup_ != nullptr) return fail(Errc::busy, "the log is being copied already");
  std::error_code ec;
  std::filesystem::create_directories(destination, ec);
  if (ec) return fail(Errc::io, destination.string() + ": " + ec.message());
  if (std::filesystem::exists(destination / "log.db"))
    return fail(Errc::exists, destination.string() + " has a log.db");
  std::filesystem::remove(destination / unfinished_name, ec);
  std::unique_ptr<BackupJob> job(new BackupJob(log, destination / unfinished_name));
  IRO_TRY(job->open(), "backup");
  log.backup_ = job.get();
  return job;
}

Status BackupJob::open() {
  SQLite::Database* from = log_->connection();
  if (from == nullptr) return fail(Errc::storage_failed, "the log is closed after a failure");
  IRO_TRY(register_page_vfs(), "backup");
  try {
    // Without a WAL, where all of it would stand once more. Nothing of it counts before finish_backup() has synced it.
    to_ = std::make_unique<SQLite::Database>(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 0,
                                             page_vfs_name);
    to_->exec("PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY");
  } catch (const SQLite::Exception& e) {
    return fail(error_of(e, to_ ? to_->getHandle() : nullptr, "open " + file_.string()));
  }
  backup_ = sqlite3_backup_init(to_->getHandle(), "main", from->getHandle(), "main");
  if (backup_ == nullptr) {
    return fail(error_of(SQLite::Exception(to_->getHandle()), to_->getHandle(), "begin the copy"));
  }
  return {};
}

BackupJob::~BackupJob() {
  const bool unfinished = !done_;
  abandon();
  std::error_code ec;
  if (unfinished) std::filesystem::remove(file_, ec);
}

void BackupJob::abandon() {
  if (backup_ != nullptr) sqlite3_backup_finish(backup_);
  backup_ = nullptr;
  to_.reset();
  if (log_ != nullptr && log_->backup_ == this) log_->backup_ = nullptr;
  log_ = nullptr;
}

Status BackupJob::step(int pages) {
  if (done_) return {};
  if (backup_ == nullptr) return fail(Errc::storage_failed, "backup: the log was closed or resumed meanwhile");
  const int rc = sqlite3_backup_step(backup_, pages);
  if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) return {};
  if (rc == SQLITE_DONE) {
    done_ = true;
    abandon();
    return {};
  }
  const Error error = error_of(SQLite::Exception(sqlite3_errstr(rc), rc), to_->getHandle(), "backup");
  abandon();
  return fail(error);
}

double BackupJob::progress() const {
  if (done_) return 1;
  const int all = backup_ == nullptr ? 0 : sqlite3_backup_pagecount(backup_);
  return all == 0 ? 0 : 1 - static_cast<double>(sqlite3_backup_remaining(backup_)) / all;
}

Result<VerifyReport> finish_backup(const std::filesystem::path& destination, const std::filesystem::path& keys_folder,
                                   const VerifyProgress& progress) {
  const std::filesystem::path file = destination / unfinished_name;
  IRO_TRY(sync_path(file), "backup");
  VerifyOptions options;
  options.file_name = unfinished_name;
  options.keys_folder = keys_folder;
  auto report = verify(destination, progress, options);
  if (!report) return report;
  if (!report->sound())
    return fail(Errc::corrupt, "backup: the copy does not verify: " + report->findings.front().text());
  // The verifier's connection has left an empty WAL and its index under the old name.
  std::error_code ec;
  if (std::filesystem::exists(file.string() + "-wal") && std::filesystem::file_size(file.string() + "-wal") > 0) {
    return fail(Errc::internal, "backup: a part of the copy stands in a WAL");
  }
  for (const char* beside : {"-wal", "-shm"}) std::filesystem::remove(file.string() + beside, ec);
  std::filesystem::rename(file, destination / "log.db", ec);
  if (ec) return fail(Errc::io, destination.string() + ": " + ec.message());
  IRO_TRY(sync_path(destination), "backup");
  return report;
}

}  // namespace iro::log

// hub/log/sqlite/backup.hpp: a copy of log.db, made while the hub works.
//
// The copy is made by the writer's own connection, a slice between two commits,
// so that no other connection writes and none reads for long; what is committed
// meanwhile is copied too, and the result is the log as it is when the last
// slice is done. step() belongs to the log's thread. finish_backup() reads the
// whole copy: any thread but that one.
#pragma once

#include <filesystem>
#include <memory>

#include "hub/base/error.hpp"
#include "hub/log/sqlite/verify.hpp"

struct sqlite3_backup;
namespace SQLite {
class Database;
}

namespace iro::log {

class SqliteLog;

class BackupJob {
 public:
  /// Begin a copy of `log` into the folder `destination`, which is made if it
  /// is not there. Fails with exists when it has a log.db, busy when `log` is
  /// being copied already, io. `log` outlives the job.
  static Result<std::unique_ptr<BackupJob>> begin(SqliteLog& log, const std::filesystem::path& destination);
  /// Gives up what is not done; the unfinished file is removed.
  ~BackupJob();
  BackupJob(const BackupJob&) = delete;
  BackupJob& operator=(const BackupJob&) = delete;

  /// Copy up to `pages` more. After an error, or when the log was resumed
  /// meanwhile, the job is over: begin another one.
  Status step(int pages);
  [[nodiscard]] bool done() const { return done_; }
  /// From 0 to 1.
  [[nodiscard]] double progress() const;

 private:
  friend class SqliteLog;
  BackupJob(SqliteLog& log, std::filesystem::path file);
  Status open();
  /// The log's connection closes.
  void abandon();

  SqliteLog* log_;
  std::filesystem::path file_;
  std::unique_ptr<SQLite::Database> to_;
  sqlite3_backup* backup_ = nullptr;
  bool done_ = false;
};

/// After done(): the copy gets on disk and is verified, and only then its name.
/// Fails with corrupt when the verifier finds anything.
/// `keys_folder` has the keys.db whose tombstones explain what is missing.
Result<VerifyReport> finish_backup(const std::filesystem::path& destination,
                                   const std::filesystem::path& keys_folder = {}, const VerifyProgress& progress = {});

}  // namespace iro::log

// hub/log/sqlite/sqlite_log.hpp: the EventLog on disk: log.db in the hub's data
// folder (docs/log-format.md).
//
// One thread uses a SqliteLog and everything it gives out; it is the only
// writer and does every checkpoint. Readers are SqliteReaders of their own.
//
// What a failure leaves behind (design 7, platform.md SQLite 7 and 9):
//  1. disk_full: rolled back; commit() works again once there is room.
//  2. storage_failed: EIO, or an fsync that failed. Rolled back here, but the
//     disk may keep the transaction or parts of it. So nothing more is written:
//     after a failed fsync the page cache shows what the disk never got, and
//     building on that loses acknowledged events later. resume() reopens
//     without the cache and looks at what is really there. The transaction that
//     failed is then in the log or it is not, for good; both are honest, as
//     nobody was told that it is. The caller load()s again and goes on from it.
//  3. corrupt: nothing is written any more, the file stays as it was found.
//
// Opening makes durable what it finds: a process that was killed may have left
// a transaction that is in the page cache only, and it must be on disk before
// anybody is told of it. So open() and resume() end with an fsync.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "hub/base/clock.hpp"
#include "hub/base/file_lock.hpp"
#include "hub/base/limits.hpp"
#include "hub/log/event_log.hpp"
#include "hub/log/sqlite/page_vfs.hpp"
#include "hub/log/witness.hpp"

namespace SQLite {
class Database;
}

namespace iro::log {

class BackupJob;

struct SqliteLogOptions {
  std::string vfs = page_vfs_name;
  std::string synchronous = "FULL";  // anything else is for tests that must be seen to lose something
  std::size_t reserve_bytes = limits::disk_reserve_bytes;  // 0: the folder's file system is not asked
  std::size_t checkpoint_bytes = 8U << 20;                 // of WAL; a checkpoint of this takes some 20 ms
  std::optional<Testimony> witness = std::nullopt;         // what the log must still hold
};

class SqliteLog final : public EventLog {
 public:
  /// Open the log in `folder` (which exists), or make an empty one. Takes less
  /// than 2 s whatever the length: the newest 8 MiB of chunks are verified, the
  /// rest when it is read, and all of it by verify(). Fails with locked (another
  /// hub has the folder), format_newer, corrupt (nothing was written),
  /// log_behind_witness (nor then), disk_full, storage_failed. `clock` outlives the log.
  static Result<std::unique_ptr<SqliteLog>> open(const std::filesystem::path& folder, const Clock& clock,
                                                 const SqliteLogOptions& options = {});
  /// Closes; when nothing has failed, with an empty WAL.
  ~SqliteLog() override;
  SqliteLog(const SqliteLog&) = delete;
  SqliteLog& operator=(const SqliteLog&) = delete;

  [[nodiscard]] Result<Snapshot> load() override;
  Status commit(const Commit& commit) override;
  Status resume() override;
  Status probe() override;
  [[nodiscard]] Result<std::vector<PluginStateRow>> plugin_state(const std::string& plugin, ByteView key,
                                                                 bool prefix) override;

  /// When there is nothing else to do, about once a second: a slice of the
  /// bodies whose month is over, and a checkpoint if one is due. True when
  /// there is more to delete.
  Result<bool> tend();
  /// For an erasure: no byte of what was deleted stays in the WAL. Waits for
  /// readers; storage_failed when one does not go.
  Status truncate_wal();
  /// Acknowledged events were given up (`iro restore --accept-loss`): from here
  /// on tokens and receipts of before are not this log's. Durable on return.
  /// The new one is above `above` too; `lost` says for the operator what was given up.
  Result<LogEpoch> raise_epoch(LogEpoch above = LogEpoch(), const std::string& lost = {});

  [[nodiscard]] const std::array<std::uint8_t, 16>& log_id() const { return log_id_; }
  /// What a witness may say of the log: only what is on disk.
  [[nodiscard]] Testimony testimony() const;
  /// The newest chunk's head, and the position behind it.
  [[nodiscard]] const Hash& head() const { return head_; }
  [[nodiscard]] Seq next_seq() const { return next_seq_; }
  [[nodiscard]] std::size_t wal_bytes() const;

 private:
  friend class BackupJob;
  struct Session;
  SqliteLog(std::filesystem::path folder, const Clock& clock, SqliteLogOptions options);

  Status start();
  Status read_description();
  Status verify_tail();
  Status compare_witness();
  [[nodiscard]] Status room() const;
  Status write(const Commit& commit);
  Error failed(Error error);
  void checkpoint_if_due();
  void end_session();
  [[nodiscard]] SQLite::Database* connection() const;  // null after a resume that failed

  std::filesystem::path folder_;
  std::unique_ptr<FileLock> lock_;  // one data folder serves one hub
  const Clock& clock_;
  SqliteLogOptions options_;
  std::unique_ptr<Session> session_;
  std::array<std::uint8_t, 16> log_id_{};
  LogEpoch log_epoch_;
  Hash head_{};
  Seq next_seq_{1};
  TimeMs last_recorded_;
  std::uint64_t state_commits_ = 0;
  std::optional<std::uint16_t> expired_;   // the month up to which bodies are still to be deleted
  std::optional<Error> refusal_;           // storage_failed or corrupt: why nothing is written
  std::shared_ptr<const Chunk> in_doubt_;  // of the commit that failed
  BackupJob* backup_ = nullptr;            // ends with the session
};

}  // namespace iro::log

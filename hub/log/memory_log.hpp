// hub/log/memory_log.hpp: an EventLog without a disk, for tests of everything
// above the log. The same rules as SqliteLog, and failures on request.
//
// One thread calls the EventLog's functions; readers made by reader() may be
// used from other threads and may outlive the log. A MemoryLog that outlives
// its core plays the disk over a restart: load() again.
#pragma once

#include <array>
#include <memory>

#include "hub/log/event_log.hpp"

namespace iro::log {

class MemoryLog final : public EventLog {
 public:
  explicit MemoryLog(const std::array<std::uint8_t, 16>& log_id = {});
  ~MemoryLog() override;

  [[nodiscard]] Result<Snapshot> load() override;
  Status commit(const Commit& commit) override;
  Status resume() override;
  Status probe() override;
  [[nodiscard]] Result<std::vector<PluginStateRow>> plugin_state(const std::string& plugin, ByteView key,
                                                                 bool prefix) override;

  [[nodiscard]] std::unique_ptr<LogReader> reader() const;
  /// A log that holds the same and goes its own way from here: a disk's copy.
  [[nodiscard]] std::unique_ptr<MemoryLog> copy() const;
  [[nodiscard]] std::vector<AuditRow> audit() const;
  /// As SqliteLog::raise_epoch, for a copy that stands in for a restored backup.
  void raise_epoch(LogEpoch above, TimeMs at);

  /// The next commit fails with `code`. disk_full lasts until room(); after
  /// storage_failed everything is refused until resume(), which is when a
  /// commit that `survives` turns out to be in the log.
  void fail_next_commit(Errc code, bool survives = false);
  /// There is room on the disk again.
  void room();

 private:
  struct Tables;
  struct Shared;
  Status fail_as_asked(const Commit& commit);

  std::shared_ptr<Shared> shared_;
  std::optional<Errc> fail_next_;
  bool survives_ = false;
  bool full_ = false;
  bool failed_ = false;
};

}  // namespace iro::log

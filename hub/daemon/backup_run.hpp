// hub/daemon/backup_run.hpp: one `iro backup`, from the operator's command to its answer.
//
// Slices of the copy on the core's thread between two commits; the verification and the copy of keys.db on the query
// thread. How far it is may be asked from any thread.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "hub/core/step.hpp"
#include "hub/daemon/query_thread.hpp"
#include "hub/log/sqlite/backup.hpp"

namespace iro::daemon {

struct BackupProgress {
  enum class Step : std::uint8_t { copying, verifying };
  std::atomic<Step> step = Step::copying;
  std::atomic<unsigned> percent = 0;  // of that step
  /// {"step":"copying","percent":42}
  [[nodiscard]] std::string json() const;
};

class BackupRun {
 public:
  /// `keys_to` empty: keys.db is not copied.
  static Result<std::unique_ptr<BackupRun>> begin(log::SqliteLog& log, core::RunCommand asked,
                                                  std::filesystem::path destination, std::filesystem::path keys_to);
  /// A slice. True when all is copied: finish() comes next.
  Result<bool> step(int pages);
  /// The rest, as a task of the query thread, which answers the operator. `data` and `clock` outlive it.
  [[nodiscard]] QueryThread::Task finish(const std::filesystem::path& data, const Clock& clock) const;

  [[nodiscard]] const core::RunCommand& asked() const { return asked_; }
  [[nodiscard]] std::shared_ptr<const BackupProgress> progress() const { return progress_; }

 private:
  BackupRun(core::RunCommand asked, std::filesystem::path destination, std::filesystem::path keys_to);

  core::RunCommand asked_;
  std::filesystem::path destination_;
  std::filesystem::path keys_to_;
  std::unique_ptr<log::BackupJob> job_;
  std::shared_ptr<BackupProgress> progress_;
};

}  // namespace iro::daemon

// hub/daemon/scrub_pace.hpp: how fast the query thread scrubs the log when it has nothing else to do.
//
// So many bytes a second, or more where the file would take longer than a day;
// an hour's rest between two rounds. What is found ends the hub: the core gets
// Damaged. run() is the query thread's; state() may be asked by any.
#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>

#include "hub/core/machine.hpp"
#include "hub/daemon/query_thread.hpp"
#include "hub/log/sqlite/scrubber.hpp"

namespace iro::daemon {

class ScrubPace {
 public:
  /// `bytes_per_second` 0: never.
  ScrubPace(std::filesystem::path data, std::size_t bytes_per_second, const Clock& clock);

  /// A slice, if one is due; after how long the next one is.
  std::chrono::milliseconds run(QueryAnswers& out);
  /// For `status` and `doctor`.
  [[nodiscard]] core::ScrubState state() const;

 private:
  using Moment = std::chrono::steady_clock::time_point;
  std::chrono::milliseconds slice(QueryAnswers& out);
  void note(const log::Scrubber* scrubber, const Error* trouble);

  const std::filesystem::path data_;
  const std::size_t bytes_per_second_;
  const Clock& clock_;
  std::unique_ptr<log::Scrubber> scrubber_;
  Moment due_;
  mutable std::mutex mutex_;
  core::ScrubState state_;
};

}  // namespace iro::daemon

// hub/daemon/inline_wait.hpp: how long a batch waits for plugins (limits::inline_wait_ms).
//
// The wait belongs to the batch: it begins when the batch does, not when the loop
// next comes by, and one batch does not use up the time of the next. Values in
// and out; no clock of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace iro::daemon {

class InlineWait {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  /// `batch`: what the core waits with (Core::awaits_plugins()), nothing when it does not wait. To be told before the
  /// loop sleeps.
  void watch(std::optional<std::uint64_t> batch, Moment now);
  /// Its time is over, and begins once more: true once for each time. Never for a batch that was not watched before.
  [[nodiscard]] bool over(std::optional<std::uint64_t> batch, Moment now);
  /// Until when the loop may sleep for it.
  [[nodiscard]] std::optional<Moment> until() const { return until_; }

 private:
  std::optional<std::uint64_t> batch_;
  std::optional<Moment> until_;
};

}  // namespace iro::daemon

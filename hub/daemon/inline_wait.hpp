// hub/daemon/inline_wait.hpp: how long a batch waits for plugins: limits::inline_wait_ms, and
// limits::inline_wait_event_us more for each event that one is shown (ADR 58).
//
// The wait belongs to the batch: it begins when the batch does, not when the loop
// next comes by, and one batch does not use up the time of the next. Values in
// and out; no clock of its own.
#pragma once

#include <chrono>
#include <optional>

#include "hub/core/step.hpp"

namespace iro::daemon {

class InlineWait {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  /// `now_with`: what the core waits with (Core::awaits_plugins()), nothing when it does not wait. To be told before
  /// the loop sleeps.
  void watch(const std::optional<core::Reacting>& now_with, Moment now);
  /// Its time is over, and begins once more: true once for each time. Never for a batch that was not watched before.
  [[nodiscard]] bool over(const std::optional<core::Reacting>& now_with, Moment now);
  /// Until when the loop may sleep for it.
  [[nodiscard]] std::optional<Moment> until() const;

 private:
  std::optional<core::Reacting> with_;
  Moment begun_;
};

}  // namespace iro::daemon

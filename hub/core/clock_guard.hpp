// hub/core/clock_guard.hpp: keeps a leap of the machine's clock out of the log.
//
// A clock that leaps ahead (a wrong time server, a typed date) would let events
// expire, end every lease and stamp the log with a time that later events
// could never reach again. So the core does not follow a leap of more than an
// hour between two steps: its time goes on as if nothing had happened, and
// `status` raises an alarm. The hold ends when the clock comes back, or when
// the operator says that the clock is right (CONTROL clock.accept). Backwards
// leaps need no guard: recorded times never go back (batch.cpp).
//
// A leap cannot be seen across a restart: a hub that was off for a week is not
// ahead. Pure; one thread.
#pragma once

#include "hub/base/clock.hpp"

namespace iro::core {

class ClockGuard {
 public:
  /// The time that holds. `machine` is what the machine's clock says.
  TimeMs hold(TimeMs machine);
  /// How far the machine's clock is ahead of the time that holds; 0: it is followed.
  [[nodiscard]] std::int64_t held_ms() const { return held_ms_; }
  /// When the leap was seen, by the time that held then.
  [[nodiscard]] TimeMs since() const { return since_; }
  /// The machine's clock is right: follow it from the next step on.
  void accept() { held_ms_ = 0; }

 private:
  TimeMs last_;  // of the machine
  std::int64_t held_ms_ = 0;
  TimeMs since_;
};

}  // namespace iro::core

#include "hub/core/clock_guard.hpp"

#include "hub/base/limits.hpp"

namespace iro::core {

TimeMs ClockGuard::hold(TimeMs machine) {
  const std::int64_t step = last_.value() == 0 ? 0 : machine.value() - last_.value();
  last_ = machine;
  if (step > limits::clock_leap_ms) {
    if (held_ms_ == 0) since_ = machine.plus(-step);
    held_ms_ += step;
  } else if (held_ms_ != 0 && step < 0) {  // it comes back, at once or in parts
    held_ms_ = held_ms_ + step > limits::clock_leap_ms ? held_ms_ + step : 0;
  }
  return machine.plus(-held_ms_);
}

}  // namespace iro::core

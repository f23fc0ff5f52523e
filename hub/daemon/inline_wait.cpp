#include "hub/daemon/inline_wait.hpp"

#include "hub/base/limits.hpp"

namespace iro::daemon {

void InlineWait::watch(const std::optional<core::Reacting>& now_with, Moment now) {
  if (now_with && (!with_ || with_->batch != now_with->batch)) begun_ = now;
  with_ = now_with;
}

bool InlineWait::over(const std::optional<core::Reacting>& now_with, Moment now) {
  if (!now_with || !with_ || now_with->batch != with_->batch) return false;
  with_ = now_with;
  if (now < *until()) return false;
  begun_ = now;
  return true;
}

std::optional<InlineWait::Moment> InlineWait::until() const {
  if (!with_) return std::nullopt;
  return begun_ + std::chrono::milliseconds(limits::inline_wait_ms) +
         std::chrono::microseconds(limits::inline_wait_event_us * static_cast<std::int64_t>(with_->asked));
}

}  // namespace iro::daemon

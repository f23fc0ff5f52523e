#include "hub/daemon/inline_wait.hpp"

#include "hub/base/limits.hpp"

namespace iro::daemon {

void InlineWait::watch(std::optional<std::uint64_t> batch, Moment now) {
  if (batch == batch_) return;
  batch_ = batch;
  until_.reset();
  if (batch) until_ = now + std::chrono::milliseconds(limits::inline_wait_ms);
}

bool InlineWait::over(std::optional<std::uint64_t> batch, Moment now) {
  if (!batch || batch != batch_ || now < *until_) return false;
  until_ = now + std::chrono::milliseconds(limits::inline_wait_ms);
  return true;
}

}  // namespace iro::daemon

#include "hub/reaction/runner.hpp"

#include <algorithm>

namespace iro::reaction {

void wait_for(Runner& runner, std::chrono::milliseconds most) {
  if (runner.answers_soon()) return;
  std::vector<pollfd> fds;
  runner.poll_on(fds);
  if (const auto wake = runner.wake_at()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*wake - Runner::Moment::clock::now());
    most = std::clamp(left, std::chrono::milliseconds(0), most);
  }
  ::poll(fds.data(), fds.size(), static_cast<int>(most.count()));
}

}  // namespace iro::reaction

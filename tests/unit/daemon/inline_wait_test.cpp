// Concern: a batch waits 2 ms for its plugins, from its own beginning.
#include "hub/daemon/inline_wait.hpp"

#include "hub/base/limits.hpp"
#include "tests/catch.hpp"

using iro::daemon::InlineWait;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds wait{iro::limits::inline_wait_ms};
constexpr milliseconds a_moment{1};
const InlineWait::Moment begun{milliseconds(1'000)};

}  // namespace

TEST_CASE("inline wait: a batch has its time, and then the same once more") {
  InlineWait inline_wait;
  inline_wait.watch(1, begun);
  CHECK(inline_wait.until() == begun + wait);
  CHECK_FALSE(inline_wait.over(1, begun + wait - a_moment));
  CHECK(inline_wait.over(1, begun + wait));
  CHECK_FALSE(inline_wait.over(1, begun + wait + a_moment));
  inline_wait.watch(1, begun + wait + a_moment);
  CHECK(inline_wait.until() == begun + 2 * wait);
  CHECK(inline_wait.over(1, begun + 2 * wait));
}

TEST_CASE("inline wait: the loop sleeps no longer when nothing is waited for") {
  InlineWait inline_wait;
  CHECK_FALSE(inline_wait.until().has_value());
  inline_wait.watch(1, begun);
  inline_wait.watch({}, begun + a_moment);
  CHECK_FALSE(inline_wait.until().has_value());
  CHECK_FALSE(inline_wait.over({}, begun + wait));
}

TEST_CASE("inline wait: a batch that follows at once has time of its own") {
  InlineWait inline_wait;
  inline_wait.watch(1, begun);
  // Batch 1 was answered, committed and followed by batch 2 while the loop did not look.
  CHECK_FALSE(inline_wait.over(2, begun + wait));
  inline_wait.watch(2, begun + wait);
  CHECK(inline_wait.until() == begun + 2 * wait);
  CHECK_FALSE(inline_wait.over(2, begun + 2 * wait - a_moment));
  CHECK(inline_wait.over(2, begun + 2 * wait));
}

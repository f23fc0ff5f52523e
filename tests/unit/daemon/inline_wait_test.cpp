// Concern: a batch waits for its plugins from its own beginning, 2 ms and a little for each event.
#include "hub/daemon/inline_wait.hpp"

#include "hub/base/limits.hpp"
#include "tests/catch.hpp"

using iro::core::Reacting;
using iro::daemon::InlineWait;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds wait{iro::limits::inline_wait_ms};
constexpr milliseconds a_moment{1};
const InlineWait::Moment begun{milliseconds(1'000)};
constexpr Reacting first{.batch = 1, .asked = 0};
constexpr Reacting second{.batch = 2, .asked = 0};

}  // namespace

TEST_CASE("inline wait: a batch has its time, and then the same once more") {
  InlineWait inline_wait;
  inline_wait.watch(first, begun);
  CHECK(inline_wait.until() == begun + wait);
  CHECK_FALSE(inline_wait.over(first, begun + wait - a_moment));
  CHECK(inline_wait.over(first, begun + wait));
  CHECK_FALSE(inline_wait.over(first, begun + wait + a_moment));
  inline_wait.watch(first, begun + wait + a_moment);
  CHECK(inline_wait.until() == begun + 2 * wait);
  CHECK(inline_wait.over(first, begun + 2 * wait));
}

TEST_CASE("inline wait: the loop sleeps no longer when nothing is waited for") {
  InlineWait inline_wait;
  CHECK_FALSE(inline_wait.until().has_value());
  inline_wait.watch(first, begun);
  inline_wait.watch({}, begun + a_moment);
  CHECK_FALSE(inline_wait.until().has_value());
  CHECK_FALSE(inline_wait.over({}, begun + wait));
}

TEST_CASE("inline wait: a batch that follows at once has time of its own") {
  InlineWait inline_wait;
  inline_wait.watch(first, begun);
  // The first was answered, committed and followed by the second while the loop did not look.
  CHECK_FALSE(inline_wait.over(second, begun + wait));
  inline_wait.watch(second, begun + wait);
  CHECK(inline_wait.until() == begun + 2 * wait);
  CHECK_FALSE(inline_wait.over(second, begun + 2 * wait - a_moment));
  CHECK(inline_wait.over(second, begun + 2 * wait));
}

TEST_CASE("inline wait: each event that a plugin is shown adds to it, in later rounds, too") {
  constexpr microseconds an_event{iro::limits::inline_wait_event_us};
  InlineWait inline_wait;
  inline_wait.watch(Reacting{.batch = 1, .asked = 1'000}, begun);
  CHECK(inline_wait.until() == begun + wait + 1'000 * an_event);
  CHECK_FALSE(inline_wait.over(Reacting{.batch = 1, .asked = 3'000}, begun + wait + 1'000 * an_event));
  CHECK(inline_wait.until() == begun + wait + 3'000 * an_event);
  CHECK(inline_wait.over(Reacting{.batch = 1, .asked = 3'000}, begun + wait + 3'000 * an_event));
}

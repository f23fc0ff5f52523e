// Concern: a rule that does not answer delays a commit by the inline wait and not by its own deadline, in a hub where
// nothing else happens that would wake it. Plan: a real irod with a rule that loops for ever; an acknowledgement comes
// while the rule's process, which is ended at its deadline, still lives. A machine that is busy may miss that once.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hub/base/clock.hpp"
#include "tests/catch.hpp"
#include "tests/plugins/support/plugin_hub.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/running_hub.hpp"

using namespace iro;
using namespace iro::test;

namespace {

/// A hub with one rule, which loops on every event and is ended 60 ms later.
class LoopingRule {
 public:
  LoopingRule() : hub_(folder_.path()) {
    PluginWish wish;
    wish.object = "endless_loop";
    wish.id = "endless-loop";
    wish.budget = "event_ms = 60";
    std::filesystem::create_directories(hub_.folder() / "plugins");
    make_folder(wish, hub_.folder() / "plugins" / wish.id);
    hub_.start();
    school_ = hub_.enrol("school-a", {"school"});
  }

  /// Says an event and has it acknowledged; true when the rule was still running then.
  bool acknowledged_before_the_deadline() {
    RawClient client(context_, school_, "school");
    const std::vector<pid_t> processes = hub_.children();
    REQUIRE(processes.size() == 1);
    const int rule = static_cast<int>(::syscall(SYS_pidfd_open, processes.front(), 0));
    REQUIRE(rule >= 0);
    const Bytes payload = closed_payload();
    schema::EventView event;
    event.id = make_event_id(static_cast<std::uint64_t>(SystemClock().now().value()));
    event.type = closed_type;
    event.source = school_.source;
    event.time = SystemClock().now();
    event.payload = payload;
    client.send(wire::Pub{ProducerSeq(1), {event}});
    CHECK(client.acknowledged() == 1);
    pollfd ended{rule, POLLIN, 0};
    const bool lives = ::poll(&ended, 1, 0) == 0;
    CHECK(::poll(&ended, 1, 20'000) == 1);  // and it is ended
    ::close(rule);
    return lives;
  }

 private:
  TempFolder folder_;
  RunningHub hub_;
  client::KeyFile school_;
  zmq::context_t context_;
};

}  // namespace

TEST_CASE("late rule: a commit does not wait for its deadline") {
  constexpr int tries = 5;
  bool seen = false;
  for (int i = 0; i < tries && !seen; ++i) {
    LoopingRule hub;
    seen = hub.acknowledged_before_the_deadline();
  }
  CHECK(seen);
}

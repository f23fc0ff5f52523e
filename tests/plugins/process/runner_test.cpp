// Concern: the runner keeps its promises whatever the processes do. Plan: real processes, ended, slowed and asked for
// too much at the moments that matter; a result always follows, and nobody is left behind.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iostream>
#include <thread>

#include "hub/base/limits.hpp"
#include "tests/catch.hpp"
#include "tests/plugins/support/plugin_hub.hpp"

using namespace iro;
using namespace iro::reaction;
using namespace iro::test;
using std::chrono::milliseconds;

namespace {

PluginWish good(const std::string& budget = "event_ms = 1000") {
  PluginWish wish;
  wish.object = "good";
  wish.budget = budget;
  return wish;
}

Runner::Moment now_is() { return Runner::Moment::clock::now(); }

/// Turns until it holds, at most ten seconds.
template <typename Holds>
bool turn_until(PluginHub& hub, Holds&& holds) {
  const auto end = now_is() + std::chrono::seconds(10);
  while (!holds()) {
    if (now_is() > end) return false;
    hub.turn(20);
  }
  return true;
}

bool is_gone(int pid) { return ::kill(pid, 0) != 0; }

}  // namespace

TEST_CASE("process runner: a process starts within milliseconds and stays") {
  PluginHub hub;
  hub.add(good());
  CHECK(hub.runner().processes().empty());
  const auto begun = now_is();
  CHECK(hub.told("good", "get a") == "get 1");
  const auto took = now_is() - begun;
  std::cout << fmt::format("first answer after {} us\n",
                           std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  const int pid = hub.runner().processes().at("good");
  CHECK(hub.told("good", "get a") == "get 1");
  CHECK(hub.runner().processes().at("good") == pid);
}

TEST_CASE("process runner: a call alone gets a fresh process, and so does the call after a restart") {
  PluginHub hub;
  hub.add(good());
  hub.told("good", "write a 1");
  const int first = hub.runner().processes().at("good");
  CHECK(hub.ask("good", {hub.event("get a")}, true).outcomes.at(0).notes.at(0).en == "1");  // asked of the hub
  CHECK(hub.asked == 1);
  const int second = hub.runner().processes().at("good");
  CHECK(first != second);
  hub.state()["good"]["a"] = "2";  // as after a commit that failed
  hub.runner().restart("good");
  CHECK(hub.told("good", "get a") == "2");
  CHECK(turn_until(hub, [&] { return is_gone(first) && is_gone(second); }));
}

TEST_CASE("process runner: restart() ends an outstanding call as stopped") {
  PluginHub hub;
  hub.add(good("event_ms = 1000"));
  hub.told("good", "get a");
  hub.begin("good", {hub.event("write a 1"), hub.event("spin 100000000000")});
  hub.turn(20);
  hub.runner().restart("good");
  const auto result = hub.wait_result("good");
  CHECK(result.failure == Failure::stopped);
  CHECK(hub.told("good", "get nothing") == "get 1");
}

TEST_CASE("process runner: a process that is killed from outside has crashed, and the next call has another one") {
  PluginHub hub;
  hub.add(good("event_ms = 1000"));
  hub.told("good", "get a");
  const int pid = hub.runner().processes().at("good");
  hub.begin("good", {hub.event("spin 100000000000")});
  ::kill(pid, SIGKILL);
  const auto result = hub.wait_result("good");
  CHECK(result.failure == Failure::crashed);
  CHECK(result.why == "killed by SIGKILL");
  CHECK(hub.told("good", "get nothing") == "get 1");

  // And while nobody asks it anything.
  ::kill(hub.runner().processes().at("good"), SIGKILL);
  CHECK(turn_until(hub, [&] { return hub.runner().processes().empty(); }));
  CHECK(hub.told("good", "get nothing") == "get 1");
}

TEST_CASE("process runner: the outcomes before the slow event are there when its deadline comes") {
  PluginHub hub;
  hub.add(good("event_ms = 1000"));
  hub.told("good", "get a");
  // The second takes longer than the host keeps outcomes back, so the third finds both sent.
  const auto begun = now_is();
  const auto result =
      hub.ask("good", {hub.event("write a 1"), hub.event("spin 20000000"), hub.event("spin 100000000000")});
  const auto took = now_is() - begun;
  CHECK(result.failure == Failure::deadline);
  CHECK(result.outcomes.size() == 2);
  CHECK(took >= milliseconds(1'000));
  CHECK(limits::plugin_flush_ms == 5);
}

TEST_CASE("process runner: a hub that was away for longer than the deadline blames nobody for it") {
  PluginHub hub;
  hub.add(good("event_ms = 100"));
  hub.told("good", "get a");
  // Each is far within its time, all together are not. Twice the hub looks away for longer than one may take.
  constexpr std::size_t n = 150;
  std::vector<CallEvent> events;
  for (std::size_t i = 0; i < n; ++i) events.push_back(hub.event("spin 4000000"));
  hub.begin("good", std::move(events));
  for (int away = 0; away < 2; ++away) {
    std::this_thread::sleep_for(milliseconds(150));  // style: sleep-in-test, because being away is what is tested
    hub.turn(0);
  }
  const auto result = hub.wait_result("good");
  CHECK(result.failure == Failure::none);
  CHECK(result.outcomes.size() == n);
}

TEST_CASE("process runner: a hub that is slow to answer a question of state kills nobody") {
  PluginHub hub;
  hub.add(good("event_ms = 200"));
  hub.told("good", "config");
  hub.answer_state = false;
  hub.begin("good", {hub.event("get a")});
  const auto until = now_is() + milliseconds(500);
  while (now_is() < until) hub.turn(20);
  hub.answer_state = true;
  hub.runner().answer({"good", 1, {{to_bytes("a"), to_bytes("late")}}});
  const auto result = hub.wait_result("good");
  CHECK(result.failure == Failure::none);
  CHECK(result.outcomes.at(0).notes.at(0).en == "late");
}

TEST_CASE("process runner: an answer for a process that has ended is ignored") {
  PluginHub hub;
  hub.add(good());
  hub.answer_state = false;
  hub.begin("good", {hub.event("get a")});
  hub.turn(1'000);
  hub.turn(50);
  hub.runner().restart("good");
  CHECK(hub.wait_result("good").failure == Failure::stopped);
  hub.runner().answer({"good", 1, {}});
  hub.answer_state = true;
  CHECK(hub.told("good", "get a") == "get 1");
}

TEST_CASE("process runner: a batch of several MiB goes through, and so does an answer of many pages") {
  PluginHub hub;
  hub.add(good());
  const Bytes payload = closed_payload();
  std::vector<CallEvent> events;
  for (int n = 0; n < 4'096; ++n) {
    events.push_back(hub.event(fmt::format("put key-{:05} {}", n, std::string(150, 'v'))));
    events.back().sender = std::string(200, 's');
  }
  auto erased = hub.event("nothing");
  const Bytes large(limits::payload_bytes);
  erased.event.payload = large;
  for (int n = 0; n < 16; ++n) events.push_back(erased);
  const auto result = hub.ask("good", events);
  REQUIRE(result.failure == Failure::none);
  CHECK(result.outcomes.size() == events.size());

  const std::string value(limits::plugin_value_bytes, 'x');
  for (int n = 0; n < 64; ++n) hub.state()["good"][fmt::format("large-{:02}", n)] = value;
  CHECK_THAT(hub.told("good", "each large- 64"), ContainsSubstring("each 2"));
  CHECK(64 * value.size() > 2 * limits::plugin_state_page_bytes);
  CHECK(hub.told("good", "get large-63").size() > 100);
}

TEST_CASE("process runner: effects of one call beyond 64 MiB end it; the same events in smaller calls go through") {
  PluginHub hub;
  hub.add(good());
  const std::size_t each = 15 * limits::plugin_value_bytes;  // what "fill" writes
  std::vector<CallEvent> events;
  for (std::size_t n = 0; n <= limits::plugin_call_bytes / each; ++n) events.push_back(hub.event("fill"));
  const auto result = hub.ask("good", events);
  CHECK(result.failure == Failure::garbage);
  CHECK_THAT(result.why, ContainsSubstring("more effects in one call"));
  CHECK(result.outcomes.size() >= events.size() - 2);
  events.resize(events.size() / 2);
  CHECK(hub.ask("good", events).failure == Failure::none);
}

TEST_CASE("process runner: what cannot be started fails at once, then waits longer each time") {
  ProcessRunnerOptions options;
  options.host = "/nonexistent/iro-plugin-host";
  PluginHub hub;
  auto plugin = hub.make(good());
  REQUIRE(plugin.has_value());
  std::vector<ProcessPlugin> plugins;
  plugins.push_back(std::move(*plugin));
  ProcessRunner runner(options, std::move(plugins));
  const auto ask = [&](std::uint64_t no) {
    const auto begun = now_is();
    Call call;
    call.plugin = "good";
    call.no = no;
    call.events = {hub.event("get a")};
    runner.call(std::move(call));
    for (const auto end = begun + std::chrono::seconds(10); now_is() < end;) {
      for (Said& said : runner.take()) {
        const auto& result = std::get<reaction::Result>(said);
        CHECK(result.failure == Failure::start);
        CHECK_THAT(result.why, ContainsSubstring("No such file"));
        return now_is() - begun;
      }
      const auto wake = runner.wake_at();
      REQUIRE(wake.has_value());
      ::poll(nullptr, 0, static_cast<int>(std::chrono::ceil<milliseconds>(*wake - now_is()).count()));
    }
    FAIL("a result follows, always");
    return now_is() - begun;
  };
  ask(1);
  // Counted from the failure before, which is a little earlier.
  CHECK(ask(2) >= milliseconds(limits::plugin_restart_first_ms / 2));
  CHECK(ask(3) >= milliseconds(limits::plugin_restart_first_ms));
  CHECK(limits::plugin_restart_most_ms == 5'000);
}

TEST_CASE("process runner: a view that takes too long is given up, and too many are refused") {
  PluginHub hub;
  hub.add(good());
  CHECK(hub.show("good", "list").has_value());
  const auto begun = now_is();
  const auto slow = hub.show("good", "spin");
  CHECK_FALSE(slow.has_value());
  CHECK(now_is() - begun >= milliseconds(limits::plugin_view_ms));
  CHECK(hub.show("good", "list").has_value());

  std::size_t refused = 0;
  hub.begin("good", {hub.event("spin 300000000")});
  for (std::size_t n = 0; n < limits::plugin_views_waiting + 2; ++n) {
    hub.runner().show({"good", 1'000 + n, "list", "{}", TimeMs(1), "school-a"});
  }
  for (Said& said : hub.runner().take()) {
    const auto* answer = std::get_if<ViewAnswer>(&said);
    if (answer != nullptr && !answer->json && answer->json.error().code == Errc::busy) ++refused;
  }
  CHECK(refused == 2);
}

TEST_CASE("process runner: a plugin is taken out, and another version comes in its place") {
  PluginHub hub;
  hub.add(good());
  hub.told("good", "write a 1");
  const int pid = hub.runner().processes().at("good");
  PluginWish next = good();
  next.config = "[config.word]\ntype = \"text\"\ndefault = \"new\"\nnl = \"a\"\nen = \"b\"\n";
  hub.add(next);
  CHECK(hub.told("good", "config") == R"({"word":"new"})");
  CHECK(hub.runner().processes().at("good") != pid);
  hub.runner().remove("good");
  CHECK(turn_until(hub, [&] { return is_gone(pid); }));
  CHECK(hub.runner().processes().empty());
}

TEST_CASE("process runner: warm waits until every plugin is ready, and no longer than it is told for one that is not") {
  PluginHub hub;
  PluginWish wish;
  wish.object = "slow_start";
  wish.id = "slow-start";
  hub.add(wish);
  hub.add(good());
  const auto began = std::chrono::steady_clock::now();
  hub.runner().warm(std::chrono::milliseconds(limits::plugin_start_ms * 10));
  // The slow one has been given up, the good one is there.
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(limits::plugin_start_ms * 5));
  CHECK(hub.told("good", "put a 1") == "put 0");
}

TEST_CASE("process runner: what a plugin prints is in the log under its name") {
  PluginHub hub;
  hub.add(good());
  hub.told("good", "print hello");
  CHECK(hub.logged("plugin good: hello"));
  CHECK(limits::plugin_log_line_bytes == 512);
}

TEST_CASE("process runner: the process has no descriptor of ours, no environment, and the limits that were set") {
  PluginHub hub;
  hub.add(good());
  const int ours = ::open("/dev/null", O_RDONLY);  // not close-on-exec
  REQUIRE(ours >= 0);
  hub.told("good", "get a");
  const int pid = hub.runner().processes().at("good");
  // The process is not dumpable: its folder in /proc belongs to root, and only root may look inside.
  if (::geteuid() == 0) {
    std::size_t descriptors = 0;
    for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid))) {
      ++descriptors;
      CHECK(entry.path().filename().string() <= "3");
    }
    CHECK(descriptors == 4);
    CHECK(std::filesystem::file_size(fmt::format("/proc/{}/environ", pid)) == 0);
  }
  ::close(ours);
}

TEST_CASE("process runner: when the hub is killed, its plugins die with it") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t hub_process = ::fork();
  REQUIRE(hub_process >= 0);
  if (hub_process == 0) {
    PluginHub hub;
    hub.add(good("event_ms = 1000"));
    hub.told("good", "get a");
    hub.begin("good", {hub.event("spin 100000000000")});
    const int pid = hub.runner().processes().at("good");
    if (::write(pipe[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
    ::kill(::getpid(), SIGKILL);
  }
  int pid = 0;
  REQUIRE(::read(pipe[0], &pid, sizeof pid) == sizeof pid);
  int status = 0;
  REQUIRE(::waitpid(hub_process, &status, 0) == hub_process);
  const auto end = now_is() + std::chrono::seconds(10);
  // Its new parent may take a while to reap it: a zombie has ended, too.
  const auto ended = [&] {
    if (is_gone(pid)) return true;
    std::ifstream stat(fmt::format("/proc/{}/stat", pid));
    std::string text;
    std::getline(stat, text);
    return text.find(") Z") != std::string::npos;
  };
  while (!ended() && now_is() < end) ::poll(nullptr, 0, 5);
  CHECK(ended());
  ::close(pipe[0]);
  ::close(pipe[1]);
}

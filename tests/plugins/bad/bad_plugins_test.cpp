// Concern: no plugin can hurt the hub or another plugin. Plan: each bad plugin gets an event in a process of its own;
// the hub is told the failure that belongs to it and why, a healthy plugin answers at once afterwards, and nobody is
// left behind.
#include <dirent.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "hub/base/limits.hpp"
#include "tests/catch.hpp"
#include "tests/plugins/support/plugin_hub.hpp"

using namespace iro;
using namespace iro::reaction;
using namespace iro::test;

namespace {

std::string id_of(std::string object) {
  std::ranges::replace(object, '_', '-');
  return object;
}

PluginWish wish_for(const std::string& object) {
  PluginWish wish;
  wish.object = object;
  wish.id = id_of(object);
  return wish;
}

std::string_view word_for(Failure failure) {
  constexpr std::string_view names[] = {"none", "crashed", "deadline", "garbage", "failed", "start", "stopped"};
  return names[static_cast<std::size_t>(failure)];
}

/// A hub with one bad plugin and a healthy one.
class BadPlugin {
 public:
  explicit BadPlugin(const std::string& object) : BadPlugin(wish_for(object)) {}
  explicit BadPlugin(const PluginWish& wish) : id_(wish.id) {
    hub_.add(wish);
    PluginWish healthy;
    healthy.object = "good";
    hub_.add(healthy);
  }
  ~BadPlugin() {
    const auto left = hub_.runner().processes();
    hub_.end_runner();
    for (const auto& [plugin, pid] : left) CHECK(::kill(pid, 0) != 0);
  }
  BadPlugin(const BadPlugin&) = delete;
  BadPlugin& operator=(const BadPlugin&) = delete;

  /// The bad one is asked about `events` events; then the healthy one answers.
  auto run(std::size_t events = 1, bool alone = false) {
    std::vector<CallEvent> all;
    for (std::size_t n = 0; n < events; ++n) all.push_back(hub_.event("go"));
    auto result = hub_.ask(id_, all, alone);
    std::cout << fmt::format("{:<22} {:<9} {}\n", id_, word_for(result.failure), result.why);
    CHECK(hub_.told("good", "put a 1") == "put 0");
    CHECK(hub_.told("good", "get a") == "1");
    return result;
  }
  PluginHub& hub() { return hub_; }

 private:
  std::string id_;
  PluginHub hub_;
};

void must_fail(const std::string& object, Failure failure, const std::string& why) {
  BadPlugin bad(object);
  const auto result = bad.run();
  CHECK(result.failure == failure);
  CHECK_THAT(result.why, ContainsSubstring(why));
  CHECK(result.outcomes.empty());
}

constexpr auto sigsys = "killed by SIGSYS: it asked the system for something";

}  // namespace

// ------------------------------------------------------------ before the first event

TEST_CASE("bad plugins: one that crashes when it is loaded is a start that failed") {
  must_fail("crash_on_load", Failure::start, IRO_SANITIZED ? "ended" : "SIGSEGV");
}
TEST_CASE("bad plugins: one that crashes in create() is a start that failed") {
  must_fail("crash_in_create", Failure::start, IRO_SANITIZED ? "ended" : "SIGSEGV");
}
TEST_CASE("bad plugins: one that does not take its configuration is a start that failed") {
  must_fail("refuses_config", Failure::start, "create() returned IRO_INVALID");
}
TEST_CASE("bad plugins: one that does not come out of create() is a start that failed") {
  CHECK(limits::plugin_start_ms == 2'000);
  must_fail("slow_start", Failure::start, "not ready within 2000 ms");
}
TEST_CASE("bad plugins: a later ABI is refused") {
  must_fail("wrong_abi", Failure::start, "built for ABI 1.1; this host has 1.0");
}
TEST_CASE("bad plugins: an entry of the wrong size is refused") {
  must_fail("wrong_size", Failure::start, "says that it has 8 bytes");
}
TEST_CASE("bad plugins: an interface that is too short is refused") {
  must_fail("wrong_rule_size", Failure::start, "no whole iro.rule/1");
}
TEST_CASE("bad plugins: an object without the entry is refused") {
  must_fail("missing_symbol", Failure::start, "does not export iro_plugin_entry");
}
TEST_CASE("bad plugins: an object that is not who its manifest says is refused") {
  must_fail("lying_id", Failure::start, "the object says that it is 'somebody-else'");
}

TEST_CASE("bad plugins: a version that is not the manifest's is refused") {
  PluginWish wish = wish_for("emit_storm");
  wish.version = "2.0.0";
  BadPlugin bad(wish);
  const auto result = bad.run();
  CHECK(result.failure == Failure::start);
  CHECK_THAT(result.why, ContainsSubstring("the object says that it is version 1.0.0"));
}

TEST_CASE("bad plugins: an object with another hash is not opened, and by the host not loaded") {
  PluginHub hub;
  PluginWish wish = wish_for("crash_on_load");
  wish.sha256 = std::string(64, '0');
  const auto refused = hub.make(wish);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::config_invalid);
  CHECK_THAT(refused.error().message, ContainsSubstring("it is not the object that was sealed"));

  wish.sha256.clear();
  auto plugin = hub.make(wish);
  REQUIRE(plugin.has_value());
  plugin->manifest.sha256[0] ^= 1;  // as if the file had changed after the hub looked
  hub.runner().add(std::move(*plugin));
  const auto result = hub.ask("crash-on-load", "go");
  CHECK(result.failure == Failure::start);
  CHECK_THAT(result.why, ContainsSubstring("sha256 is not the one in plugin.toml"));
}

// ------------------------------------------------------------ on an event

TEST_CASE("bad plugins: one that crashes on an event leaves the outcomes of the events before, or fewer") {
  BadPlugin bad("crash_on_event");
  const auto result = bad.run(5);
  CHECK(result.failure == Failure::crashed);
  CHECK(result.outcomes.size() <= 2);
  const auto alone = bad.run(2, true);  // in a fresh process
  CHECK(alone.failure == Failure::none);
  CHECK(alone.outcomes.size() == 2);
}

TEST_CASE("bad plugins: an endless loop is ended at its deadline") {
  PluginWish wish = wish_for("endless_loop");
  wish.budget = "event_ms = 100";
  BadPlugin bad(wish);
  const auto begun = Runner::Moment::clock::now();
  const auto result = bad.run();
  const auto took = Runner::Moment::clock::now() - begun;
  CHECK(result.failure == Failure::deadline);
  CHECK(result.why == "an event took longer than 100 ms");
  CHECK(took >= std::chrono::milliseconds(100));
}

TEST_CASE("bad plugins: one that is slow for ever is not ended while each event keeps its deadline") {
  PluginWish wish = wish_for("late_for_ever");
  wish.budget = "event_ms = 1000";
  BadPlugin bad(wish);
  const auto result = bad.run(40);
  CHECK(result.failure == Failure::none);
  CHECK(result.outcomes.size() == 40);
}

TEST_CASE("bad plugins: one that asks for its state for ever is ended, too") {
  PluginWish wish = wish_for("asks_for_ever");
  wish.budget = "event_ms = 10";
  BadPlugin bad(wish);
  const auto result = bad.run();
  CHECK(result.failure == Failure::deadline);
  CHECK(limits::plugin_patience == 20);
}

TEST_CASE("bad plugins: effects beyond the limits are refused one by one, and nothing comes of them") {
  for (const char* object : {"oversize_effects", "unverifiable_payload"}) {
    BadPlugin bad(object);
    const auto result = bad.run();
    REQUIRE(result.failure == Failure::none);
    CHECK(result.outcomes[0].state.empty());
    CHECK(result.outcomes[0].emits.empty());
    CHECK(result.outcomes[0].notes.empty());
  }
}

TEST_CASE("bad plugins: an emit storm is cut at 64") {
  BadPlugin bad("emit_storm");
  const auto result = bad.run();
  REQUIRE(result.failure == Failure::none);
  CHECK(result.outcomes[0].emits.size() == limits::plugin_emits);
}

TEST_CASE("bad plugins: a type that the manifest does not list is denied") {
  BadPlugin bad("undeclared_emit");
  const auto result = bad.run();
  REQUIRE(result.failure == Failure::none);
  CHECK(result.outcomes[0].notes[0].en == "denied");
  CHECK(result.outcomes[0].emits.empty());
}

TEST_CASE("bad plugins: a kept call is no call any more") {
  BadPlugin bad("keeps_pointer");
  const auto result = bad.run(3);
  REQUIRE(result.failure == Failure::none);
  CHECK(result.outcomes[1].notes[0].en == "invalid");
  CHECK(result.outcomes[2].notes[0].en == "invalid");
  CHECK(result.outcomes[2].state.empty());
}

TEST_CASE("bad plugins: an exception across the boundary fails the event") {
  must_fail("throws", Failure::failed, "on_event() threw an exception across the boundary");
}

TEST_CASE("bad plugins: garbage on the channel ends the process") {
  must_fail("writes_channel", Failure::garbage, "cannot be read");
}

TEST_CASE("bad plugins: one that ends its process has crashed") {
  must_fail("exits", Failure::crashed, "ended with status 0");
}

TEST_CASE("bad plugins: one that prints for ever fills no log") {
  BadPlugin bad("prints_for_ever");
  const auto result = bad.run();
  CHECK(result.failure == Failure::none);
  CHECK(bad.hub().logged("plugin prints-for-ever: line 0 with a ?[31mcolour"));
  CHECK(bad.hub().log().size() <= limits::plugin_log_lines + 1);
}

TEST_CASE("bad plugins: an address in what it says shows in a second process") {
  BadPlugin bad("address_as_value");
  const auto first = bad.run(1, true);
  const auto second = bad.run(1, true);
  REQUIRE(first.failure == Failure::none);
  REQUIRE(second.failure == Failure::none);
  if (!IRO_SANITIZED) CHECK(first.outcomes[0].state[0].value != second.outcomes[0].state[0].value);
}

// ------------------------------------------------------------ what only the sandbox stops

TEST_CASE("bad plugins: writing to the input is noticed", "[sandbox]") {
  must_fail("writes_input", Failure::crashed, "it wrote to its input");
}
TEST_CASE("bad plugins: a stack that overflows is noticed", "[sandbox]") {
  must_fail("stack_overflow", Failure::crashed, "its stack overflowed");
}
TEST_CASE("bad plugins: memory beyond the budget is not given", "[sandbox]") {
  PluginWish wish = wish_for("memory_hog");
  wish.budget = "memory_mib = 16";
  BadPlugin bad(wish);
  const auto result = bad.run();
  CHECK(result.failure == Failure::crashed);
  CHECK(result.why == "killed by SIGABRT");
}
TEST_CASE("bad plugins: a thread is not made", "[sandbox]") { must_fail("spawns_thread", Failure::crashed, sigsys); }
TEST_CASE("bad plugins: a process is not made", "[sandbox]") { must_fail("forks", Failure::crashed, sigsys); }
TEST_CASE("bad plugins: a file is not opened", "[sandbox]") { must_fail("opens_file", Failure::crashed, sigsys); }
TEST_CASE("bad plugins: a socket is not opened", "[sandbox]") { must_fail("opens_socket", Failure::crashed, sigsys); }
TEST_CASE("bad plugins: the channel is not closed", "[sandbox]") {
  must_fail("closes_channel", Failure::crashed, sigsys);
}
TEST_CASE("bad plugins: no clock is read", "[sandbox]") {
  must_fail("asks_for_clock", Failure::crashed, sigsys);
#if defined(__x86_64__)
  for (const char* object : {"reads_clock", "reads_precise_clock", "reads_tsc"}) {
    must_fail(object, Failure::crashed, "it read a clock");
  }
#endif
}

TEST_CASE("bad plugins: a file is not opened while it is loaded, where the kernel has Landlock", "[sandbox]") {
  const bool landlock = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
  BadPlugin bad("opens_file_on_load");
  const auto result = bad.run();
  REQUIRE(result.failure == Failure::none);
  if (landlock) CHECK(result.outcomes[0].notes[0].en == "refused");
}

TEST_CASE("bad plugins: an author sees what was denied instead", "[sandbox]") {
  PluginHub hub(true);
  hub.add(wish_for("opens_file"));
  hub.add(wish_for("opens_socket"));
  CHECK(hub.told("opens-file", "go") == "refused");
  CHECK(hub.told("opens-socket", "go") == "refused");
  CHECK(hub.told("opens-socket", "go") == "refused");
  CHECK(hub.logged("plugin opens-file: denied: open"));
  CHECK(hub.logged("plugin opens-socket: denied: socket"));
}

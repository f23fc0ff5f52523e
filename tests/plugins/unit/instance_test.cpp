// Concern: the same instance that serves a process serves a tool or a test in its own process. Plan: the good plugin,
// loaded here, with a map for the hub's state.
#include "plugins/host/instance.hpp"

#include "hub/base/limits.hpp"
#include "plugins/host/input_memory.hpp"
#include "plugins/host/object.hpp"
#include "tests/catch.hpp"
#include "tests/plugins/support/plugin_hub.hpp"

using namespace iro;
using namespace iro::host;

namespace {

struct MapState final : StateSource {
  std::map<std::string, std::string> rows;
  int asked = 0;
  std::vector<std::pair<Bytes, Bytes>> read(bool prefix, ByteView key) override {
    ++asked;
    std::vector<std::pair<Bytes, Bytes>> out;
    for (const auto& [k, v] : rows) {
      if (prefix ? k.starts_with(as_text(key)) : k == as_text(key)) out.emplace_back(to_bytes(k), to_bytes(v));
    }
    return out;
  }
};

reaction::child::EventIn event(const Bytes& payload, std::string_view what) {
  reaction::child::EventIn e;
  e.event.type = test::closed_type;
  e.event.subject = what;
  e.event.payload = payload;
  return e;
}

}  // namespace

TEST_CASE("plugin instance: a plugin runs in any process, with any source of state") {
  const auto entry = load_object(test::test_object("good"));
  REQUIRE(entry.has_value());
  CHECK(check_entry(**entry, "good", "1.0.0").has_value());
  CHECK_FALSE(check_entry(**entry, "better", "1.0.0").has_value());
  CHECK_FALSE(check_entry(**entry, "good", "1.0.1").has_value());
  MapState state;
  state.rows = {{"a", "1"}};
  const Bytes payload = test::closed_payload();
  InstanceOptions options;
  options.emits = {std::string(test::closed_type)};
  options.cache_bytes = 0;  // forgets whatever it may
  auto instance = Instance::create(**entry, options, test::builtin_types(), state);
  REQUIRE(instance.has_value());
  const auto told = [&](std::string_view what) {
    const auto outcome = (*instance)->handle(event(payload, what), TimeMs(1));
    REQUIRE(outcome.has_value());
    return outcome->notes.empty() ? "" : outcome->notes.back().en;
  };
  (*instance)->begin_call();
  CHECK(told("get a") == "1");
  CHECK(told("get a") == "1");
  CHECK(state.asked == 2);  // nothing is remembered ...
  CHECK(told("write b 2").empty());
  CHECK(told("get b") == "2");  // ... but what the hub does not have yet
  CHECK(state.asked == 2);
  CHECK(told("emit 1") == "emit 1 0");
  const auto failed = (*instance)->handle(event(payload, "fail"), TimeMs(1));
  REQUIRE_FALSE(failed.has_value());
  CHECK_THAT(failed.error().message, ContainsSubstring("on_event() returned IRO_FAILED (-4): told to fail"));
  CHECK((*instance)->show("list", "{}", "school-a", TimeMs(2)).has_value());
  CHECK_FALSE((*instance)->show("junk", "{}", "school-a", TimeMs(2)).has_value());
}

TEST_CASE("plugin instance: a service outside of a call is refused") {
  const auto entry = load_object(test::test_object("keeps_pointer"));
  REQUIRE(entry.has_value());
  MapState state;
  auto one = Instance::create(**entry, {}, test::builtin_types(), state);
  REQUIRE(one.has_value());
  const Bytes payload = test::closed_payload();
  CHECK((*one)->handle(event(payload, "x"), TimeMs(1)).has_value());
  const auto again = (*one)->handle(event(payload, "x"), TimeMs(1));
  REQUIRE(again.has_value());
  CHECK(again->notes.at(0).en == "invalid");
}

TEST_CASE("plugin instance: input memory shows what was written, and reserves more than it takes") {
  const auto memory = InputMemory::create(limits::plugin_message_bytes);
  REQUIRE(memory.has_value());
  memory->writable()[5] = 42;
  CHECK(memory->shown(10)[5] == 42);
  CHECK(memory->shown(10).size() == 10);
  CHECK(reinterpret_cast<std::uintptr_t>(memory->shown(1).data()) % 16 == 0);
}

TEST_CASE("plugin instance: an object is loaded only as it was hashed") {
  Hash wrong{};
  const auto refused = ObjectFile::open(test::test_object("good"), wrong);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::config_invalid);
  CHECK_FALSE(ObjectFile::open("/nonexistent.so", wrong).has_value());
}

// Concern: each service does what iro/plugin.h says, through a real process. Plan: the good plugin is told what to do
// by the event's subject, and explains what the service answered; effects are looked at in the outcome.
#include "hub/base/limits.hpp"
#include "tests/catch.hpp"
#include "tests/plugins/support/plugin_hub.hpp"

using namespace iro;
using namespace iro::reaction;
using namespace iro::test;

namespace {

PluginWish good() { return {.object = "good"}; }
PluginWish judge() { return {.object = "good", .judges = "\"nl.placements.risk.closed.v1\""}; }

}  // namespace

TEST_CASE("plugin services: what is put is there for the next event, and in the outcome with its person") {
  PluginHub hub;
  hub.add(good());
  const auto result =
      hub.ask("good", {hub.event("put a 1"), hub.event("get a"), hub.event("remove a"), hub.event("get a")});
  REQUIRE(result.failure == Failure::none);
  REQUIRE(result.outcomes.size() == 4);
  REQUIRE(result.outcomes[0].state.size() == 1);
  CHECK(as_text(result.outcomes[0].state[0].key) == "a");
  CHECK(as_text(*result.outcomes[0].state[0].value) == "1");
  CHECK(result.outcomes[0].state[0].person == "pseudonym-1");
  CHECK(result.outcomes[1].notes[0].en == "1");
  CHECK_FALSE(result.outcomes[2].state[0].value.has_value());
  CHECK(result.outcomes[3].notes[0].en == "get 1");
  CHECK(hub.asked == 0);  // it wrote the key itself
}

TEST_CASE("plugin services: state of before is asked for once, and remembered") {
  PluginHub hub;
  hub.add(good());
  hub.state()["good"] = {{"a", "old"}, {"b1", "x"}, {"b2", "y"}};
  CHECK(hub.told("good", "get a") == "old");
  CHECK(hub.told("good", "get a") == "old");
  CHECK(hub.told("good", "get nothing") == "get 1");
  CHECK(hub.told("good", "get nothing") == "get 1");
  CHECK(hub.asked == 2);
  CHECK(hub.told("good", "each b") == "each 0 | b1=x;b2=y;");
  CHECK(hub.told("good", "get b1") == "x");
  CHECK(hub.told("good", "get b3") == "get 1");  // all of b is known, so this is too
  CHECK(hub.asked == 3);
}

TEST_CASE("plugin services: each() shows the hub's rows with the plugin's own writes among them, in byte order") {
  PluginHub hub;
  hub.add(good());
  hub.state()["good"] = {{"k1", "old"}, {"k3", "old"}, {"k5", "old"}};
  const auto result = hub.ask("good", {hub.event("write k2 new"), hub.event("write k3 new"), hub.event("remove k5"),
                                       hub.event("each k"), hub.event("each k 2"), hub.event("each z")});
  REQUIRE(result.failure == Failure::none);
  CHECK(result.outcomes[3].notes[1].en == "k1=old;k2=new;k3=new;");
  CHECK(result.outcomes[4].notes[0].en == "each 2");  // IRO_STOPPED
  CHECK(result.outcomes[4].notes[1].en == "k1=old;k2=new;");
  CHECK(result.outcomes[5].notes[1].en == "(none)");
}

TEST_CASE("plugin services: a rejected event leaves nothing but the reason") {
  PluginHub hub;
  hub.add(judge());
  const auto result = hub.ask("good", {hub.event("reject", true), hub.event("get never"), hub.event("hold", true)});
  REQUIRE(result.failure == Failure::none);
  CHECK(result.outcomes[0].ruling == Ruling::reject);
  CHECK(result.outcomes[0].verdict == Note{"too_long", "te lang", "too long"});
  CHECK(result.outcomes[0].state.empty());
  CHECK(result.outcomes[1].notes[0].en == "get 1");
  CHECK(result.outcomes[2].ruling == Ruling::hold);
  CHECK(result.outcomes[2].state.size() == 1);
}

TEST_CASE(
    "plugin services: a verdict that nobody asked for is denied, and so is a word on held events by one who never "
    "judges") {
  PluginHub hub;
  hub.add(good());
  CHECK(hub.told("good", "reject") == "reject -3");
  CHECK(hub.told("good", "release") == "release -3");
  CHECK(hub.told("good", "refuse") == "refuse -3");
}

TEST_CASE("plugin services: a judge releases and refuses what it holds") {
  PluginHub hub;
  hub.add(judge());
  auto release = hub.event("release");
  release.event.correlationid = make_event_id(1);
  const auto result = hub.ask("good", {release, hub.event("refuse"), hub.event("bad-code", true)});
  REQUIRE(result.failure == Failure::none);
  REQUIRE(result.outcomes[0].held.size() == 1);
  CHECK(result.outcomes[0].held[0].release);
  CHECK(result.outcomes[0].held[0].event == release.event.correlationid);
  CHECK_FALSE(result.outcomes[1].held[0].release);
  CHECK(result.outcomes[1].held[0].note.code == "no");
  CHECK(result.outcomes[2].notes[0].en == "code -1");
}

TEST_CASE("plugin services: what is emitted must be declared, verify, and be no more than 64") {
  PluginHub hub;
  hub.add(good());
  const auto result = hub.ask("good", "emit 2");
  REQUIRE(result.outcomes[0].emits.size() == 2);
  CHECK(result.outcomes[0].emits[0].type == closed_type);
  CHECK(result.outcomes[0].emits[0].payload == closed_payload());
  CHECK(hub.told("good", "emit 65") == "emit 64 -2");
  CHECK(limits::plugin_emits == 64);
  CHECK(hub.told("good", "emit 1 nl.placements.risk.escalated.v1") == "emit 0 -3");
  CHECK(hub.told("good", "emit-nonsense") == "emit -1");
}

TEST_CASE("plugin services: timers are set, moved and cancelled, and fire as events") {
  PluginHub hub;
  hub.add(good());
  auto due = hub.event("");
  due.kind = EventKind::timer;
  due.event.payload = {};
  due.key = to_bytes("review");
  due.due = TimeMs(4711);
  auto erased = hub.event("");
  erased.kind = EventKind::erased;
  erased.event.payload = {};
  const auto result = hub.ask(
      "good", {hub.event("timer review 4711"), hub.event("cancel review"), due, erased, hub.event("timer review -1")});
  REQUIRE(result.failure == Failure::none);
  CHECK(result.outcomes[0].timers.at(0).due == TimeMs(4711));
  CHECK(result.outcomes[0].timers.at(0).person == "pseudonym-1");
  CHECK_FALSE(result.outcomes[1].timers.at(0).due.has_value());
  CHECK(as_text(*result.outcomes[2].state.at(0).value) == "review");
  CHECK(as_text(result.outcomes[3].state.at(0).key) == "erased");
  CHECK(result.outcomes[4].notes[0].en == "timer -1");
  CHECK(hub.told("good", "timers 64") == "timers 0");
  CHECK(hub.told("good", "timers 65") == "timers -2");
  CHECK(limits::plugin_timers == 64);
}

TEST_CASE("plugin services: the limits of keys, values, notes and of one event's effects are kept") {
  PluginHub hub;
  hub.add(good());
  CHECK(hub.told("good", "sizes") == "0 -2 -1 0 -2 -2 -1");
  CHECK(hub.told("good", "fill") == "fill -2");
  const auto result = hub.ask("good", "explain 9");
  CHECK(result.outcomes[0].notes.size() == limits::plugin_notes);
  CHECK(as_text(*result.outcomes[0].state[0].value) == "8 -2");
  static_assert(limits::plugin_key_bytes == 255 && limits::plugin_value_bytes == 65'536);
  static_assert(limits::plugin_note_bytes == 1'024 && limits::plugin_effect_bytes == 1'048'576);
}

TEST_CASE("plugin services: a payload becomes JSON and a payload again") {
  PluginHub hub;
  hub.add(good());
  CHECK_THAT(hub.told("good", "json"), ContainsSubstring("\"risk_id\":\"r-1\""));
}

TEST_CASE("plugin services: the configuration comes with defaults filled in") {
  PluginHub hub;
  PluginWish wish = good();
  wish.config =
      "[config.weeks]\ntype = \"integer\"\ndefault = 6\nmin = 1\nmax = 52\nnl = \"Weken\"\nen = \"Weeks\"\n"
      "[config.word]\ntype = \"text\"\ndefault = \"x\"\nnl = \"Woord\"\nen = \"Word\"\n";
  wish.settings = R"({"weeks": 8})";
  hub.add(wish);
  CHECK(hub.told("good", "config") == R"({"weeks":8,"word":"x"})");
}

TEST_CASE("plugin services: an event that the plugin cannot handle leaves nothing, and ends the call") {
  PluginHub hub;
  hub.add(good());
  const auto result = hub.ask("good", {hub.event("put a 1"), hub.event("fail"), hub.event("put b 1")});
  CHECK(result.failure == Failure::failed);
  CHECK_THAT(result.why, ContainsSubstring("IRO_FAILED"));
  REQUIRE(result.outcomes.size() == 1);
  CHECK(hub.told("good", "get never") == "get 1");
  CHECK(hub.told("good", "get a") == "1");
}

TEST_CASE("plugin services: a view reads state, writes nothing, and answers with JSON") {
  PluginHub hub;
  hub.add(good());
  hub.state()["good"] = {{"a", "1"}};
  CHECK(*hub.show("good", "list") == R"({"rows":"a=1;","write":-3,"read":0,"now":77,"asker":"school-a"})");
  CHECK_FALSE(hub.show("good", "junk").has_value());
  CHECK_FALSE(hub.show("good", "deaf").has_value());
  CHECK(hub.told("good", "asker") == "asker -3");  // nobody asks for an event
  CHECK(hub.told("good", "get a") == "1");
}

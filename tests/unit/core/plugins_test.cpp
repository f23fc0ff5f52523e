// Concern: plugins in the core: what is waited for and for how long, what a failure costs, what is undone with a batch,
// and that every limit is one (limits.hpp).
#include <fmt/format.h>

#include <boost/json.hpp>

#include "hub/schema/event.hpp"
#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::scenario;

namespace {

const std::string opened = "nl.placements.vacancy.opened.v1";
const std::string withdrawn = "nl.placements.vacancy.withdrawn.v1";

reaction::PluginSpec judge(const std::string& id) { return {id, {}, {opened}}; }
reaction::PluginSpec rule(const std::string& id) { return {id, {opened}}; }

/// A rule that answers every event with `n` of these.
Plugin emits(const std::string& type, const schema::Event& what, std::size_t n) {
  return [type, payload = what.payload, n](const reaction::CallEvent& e) {
    reaction::Outcome out;
    out.item = e.item;
    out.emits.assign(n, {type, payload});
    return out;
  };
}

/// One that counts what it is shown.
Plugin counts(std::size_t& seen) {
  return [&seen](const reaction::CallEvent& e) {
    ++seen;
    reaction::Outcome out;
    out.item = e.item;
    return out;
  };
}

struct Region {
  explicit Region(std::vector<reaction::PluginSpec> plugins) : hub(options_with(std::move(plugins))) {
    hub.enrol("school-a", {"school"});
    hub.enrol("hospital-a", {"care_provider"});
  }
  static HarnessOptions options_with(std::vector<reaction::PluginSpec> plugins) {
    HarnessOptions o;
    o.plugins = std::move(plugins);
    return o;
  }
  Client& hospital() { return hub.connect("hospital-a", fmt::format("c{}", ++connections)); }
  std::vector<schema::Event> places(Client& c, int n, std::size_t note_bytes = 0) {
    std::vector<schema::Event> out;
    for (int i = 0; i < n; ++i) {
      const std::string note = note_bytes == 0 ? "" : fmt::format(R"("note": "{}")", std::string(note_bytes, 'x'));
      out.push_back(hub.make(
          c, "vacancy.opened",
          fmt::format(R"({{"vacancy_id": "vac-{}", "provider": "hospital-a", "offer": {{{}}}}})", ++made, note)));
    }
    return out;
  }
  void publish(int n = 1) {
    Client& c = hospital();
    hub.publish(c, places(c, n));
  }
  std::string state_of(const std::string& plugin) {
    const auto answer = [&] {
      Client& op = hub.connect("operator", fmt::format("o{}", ++connections));
      hub.send(op, wire::Query{1, "plugins", "{}", {}});
      return op.answers.back().body;
    }();
    const std::size_t at = answer.find("\"plugin\":\"" + plugin + "\"");
    REQUIRE(at != std::string::npos);
    for (const char* state : {"inline", "behind", "suspended"}) {
      if (answer.substr(at, 80).find(state) != std::string::npos) return state;
    }
    return "none";
  }
  /// Each event under a key of its own, so that a doubled effect is seen.
  void remember(const std::string& plugin) {
    hub.plugins[plugin] = [this, plugin](const reaction::CallEvent& e) {
      reaction::Outcome out;
      const std::string key = to_string(e.event.id);
      const auto before = hub.read_state(plugin, key, false);
      out.state.push_back({to_bytes(key), to_bytes(before.empty() ? "once" : "twice"), {}});
      return out;
    };
  }

  Harness hub;
  int connections = 0;
  int made = 0;
};

}  // namespace

TEST_CASE("plugins: a rule that is late is not waited for longer than inline_wait_ms, and follows the log") {
  Region r({rule("slow")});
  r.remember("slow");
  r.hub.moods["slow"] = Mood::late;
  r.publish();
  CHECK(r.hub.impatience == 1);  // limits::inline_wait_ms once
  CHECK(r.state_of("slow") == "behind");
  r.hub.answer_late();
  CHECK(r.hub.read_state("slow", "", true).size() == 1);
}

TEST_CASE("plugins: judges are waited for as long as judge_patience_ms lasts; it fills up again") {
  Region r({judge("slow")});
  r.hub.moods["slow"] = Mood::late;
  r.publish();
  const std::size_t all = limits::judge_patience_ms / limits::inline_wait_ms;
  CHECK(r.hub.impatience == all + 1);
  CHECK(r.state_of("slow") == "behind");
  const auto back = [&] {
    r.hub.moods["slow"] = Mood::prompt;
    while (!r.hub.late_calls.empty()) r.hub.answer_late();
    r.hub.advance_ms(2'000);
    r.publish();
    REQUIRE(r.state_of("slow") == "inline");
    r.hub.moods["slow"] = Mood::late;
    r.hub.impatience = 0;
  };
  // After two of limits::judge_patience_refill_ms' ten seconds a fifth of it is there again.
  back();
  r.publish();
  CHECK(r.hub.impatience > 1);
  CHECK(r.hub.impatience < all / 2);
  r.hub.advance_ms(limits::judge_patience_refill_ms);
  back();
  r.publish();
  CHECK(r.hub.impatience == all + 1);
}

TEST_CASE("plugins: one that keeps up for inline_again_ms is asked in the event's own commit again") {
  Region r({rule("slow")});
  r.remember("slow");
  r.hub.moods["slow"] = Mood::late;
  r.publish();
  r.hub.moods["slow"] = Mood::prompt;
  r.hub.answer_late();
  r.hub.advance_ms(limits::inline_again_ms / 2);
  r.publish();
  CHECK(r.state_of("slow") == "behind");
  r.hub.advance_ms(limits::inline_again_ms * 2);
  CHECK(r.state_of("slow") == "inline");
  r.publish();
  CHECK(r.state_of("slow") == "inline");
  for (const auto& [key, value] : r.hub.read_state("slow", "", true)) CHECK(value == "once");
  CHECK(r.hub.read_state("slow", "", true).size() == 3);
}

TEST_CASE("plugins: a call to one that is behind has trailing_events events and trailing_bytes at most") {
  Region r({rule("slow")});
  r.hub.moods["slow"] = Mood::late;
  r.publish();
  r.publish(300);
  r.hub.moods["slow"] = Mood::prompt;
  r.hub.calls.clear();
  r.hub.answer_late();
  std::size_t most = 0;
  std::size_t all = 0;
  for (const auto& [plugin, events] : r.hub.calls) most = std::max(most, events), all += events;
  CHECK(most == limits::trailing_events);
  CHECK(all == 300);

  Client& c = r.hospital();
  r.hub.moods["slow"] = Mood::late;
  r.hub.advance_ms(3'000);
  r.publish();  // inline again, late, behind
  r.hub.publish(c, r.places(r.hospital(), 20, limits::trailing_bytes / 8));
  r.hub.moods["slow"] = Mood::prompt;
  r.hub.calls.clear();
  while (!r.hub.late_calls.empty()) r.hub.answer_late();
  for (const auto& [plugin, events] : r.hub.calls) CHECK(events <= 9);  // eight fill limits::trailing_bytes
}

TEST_CASE("plugins: timers_a_step timers fire at once, the earliest first, and the others right after") {
  Region r({rule("waker")});
  int next = 0;
  r.hub.plugins["waker"] = [&](const reaction::CallEvent& e) {
    reaction::Outcome out;
    if (e.kind == reaction::EventKind::timer) return out;
    for (std::size_t i = 0; i < limits::plugin_timers; ++i)
      out.timers.push_back({to_bytes(fmt::format("{:05}", next++)), TimeMs(e.event.recordedtime.value() + 60'000), {}});
    return out;
  };
  r.publish(5);  // 320 timers
  r.hub.calls.clear();
  r.hub.clock.advance_ms(61'000);
  r.hub.step(core::Tick{});
  r.hub.step(core::Flush{});
  REQUIRE(!r.hub.calls.empty());
  CHECK(r.hub.calls.front().second == limits::timers_a_step);
  r.hub.advance_ms(1'000);
  std::size_t all = 0;
  for (const auto& [plugin, events] : r.hub.calls) all += events;
  CHECK(all == 5 * limits::plugin_timers);
  CHECK(r.hub.log->load().value().timers.empty());
}

TEST_CASE("plugins: beyond plugin_parked parked events one is suspended, and nothing is lost") {
  Region r({rule("broken")});
  r.hub.moods["broken"] = Mood::crashes;
  r.publish(static_cast<int>(limits::plugin_parked) + 10);
  r.hub.advance_ms(1'000);
  CHECK(r.state_of("broken") == "suspended");
  CHECK(r.hub.log->load().value().plugin_parked.size() == limits::plugin_parked + 1);
}

TEST_CASE("plugins: what is redriven without end and what is in the log take turns") {
  Region r({rule("fragile")});
  r.remember("fragile");
  r.hub.moods["fragile"] = Mood::crashes;
  r.publish(2);
  r.hub.advance_ms(1'000);
  const auto parked = r.hub.log->load().value().plugin_parked;
  REQUIRE(parked.size() == 2);
  // One call is on its way, and behind it twenty events wait in the log.
  r.hub.moods["fragile"] = Mood::late;
  r.publish();
  r.publish(20);
  Client& op = r.hub.connect("operator", "impatient");
  for (int turn = 0; turn < 12; ++turn) {
    r.hub.send(op, wire::Control{1, "plugin.redrive", R"({"plugin": "fragile"})"});
    if (r.hub.late_calls.empty()) r.hub.advance_ms(100);
    REQUIRE_FALSE(r.hub.late_calls.empty());
    const reaction::Call& call = r.hub.late_calls.front();
    const std::string subject(call.events.front().event.subject);
    if (std::ranges::any_of(parked, [&](const auto& row) { return row.subject == subject; })) {
      const reaction::Result crashed{call.plugin, call.no, {}, reaction::Failure::crashed, "SIGSEGV"};
      r.hub.late_calls.erase(r.hub.late_calls.begin());
      r.hub.step(core::PluginAnswered{crashed});
      r.hub.step(core::Flush{});
    } else {
      r.hub.answer_late(0);
    }
    if (r.hub.read_state("fragile", "", true).size() == 21) break;
  }
  CHECK(r.hub.read_state("fragile", "", true).size() == 21);
  CHECK(r.hub.log->load().value().plugin_parked.size() == 2);
}

TEST_CASE("plugins: one that does not start is tried plugin_starts times, further apart each time, then suspended") {
  Region r({rule("absent"), rule("well")});
  r.remember("well");
  r.remember("absent");
  r.hub.moods["absent"] = Mood::absent;
  r.publish();
  CHECK(r.state_of("absent") == "behind");
  r.hub.advance_ms(limits::plugin_start_wait_ms / 2 + 1);
  CHECK(r.state_of("absent") == "behind");
  r.hub.advance_ms(limits::plugin_start_wait_ms << limits::plugin_starts);
  CHECK(r.state_of("absent") == "suspended");
  CHECK(r.hub.read_state("well", "", true).size() == 1);
  // Mended and resumed, it makes up for what it missed.
  r.hub.moods["absent"] = Mood::prompt;
  Client& op = r.hub.connect("operator", "mending");
  r.hub.send(op, wire::Control{1, "plugin.resume", R"({"plugin": "absent"})"});
  r.hub.advance_ms(1'000);
  CHECK(r.hub.read_state("absent", "", true).size() == 1);
}

TEST_CASE(
    "plugins: one that keeps more than its budget is suspended, a sixteenth later at most; overwriting is not more") {
  reaction::PluginSpec small[] = {rule("hoarder"), rule("tidy")};
  for (auto& spec : small) spec.state_bytes = 64U << 10;
  Region r({small[0], small[1]});
  const std::string value(1'024, 'v');
  const auto writes = [&](bool one_key) {
    return [&value, one_key](const reaction::CallEvent& e) {
      reaction::Outcome out;
      out.state.push_back({to_bytes(one_key ? "latest" : to_string(e.event.id)), to_bytes(value), {}});
      return out;
    };
  };
  r.hub.plugins["hoarder"] = writes(false);
  r.hub.plugins["tidy"] = writes(true);
  const auto keeps = [&](const char* plugin) {
    std::size_t bytes = 0;
    for (const auto& [key, kept] : r.hub.read_state(plugin, "", true)) bytes += key.size() + kept.size();
    return bytes;
  };
  while (keeps("hoarder") + 2 * value.size() < small[0].state_bytes) r.publish();
  r.hub.advance_ms(1'000);
  CHECK(r.state_of("hoarder") == "inline");
  for (int i = 0; i < 100; ++i) r.publish();
  r.hub.advance_ms(1'000);
  CHECK(r.state_of("hoarder") == "suspended");
  CHECK(r.state_of("tidy") == "inline");
  const std::size_t kept = keeps("hoarder");
  CHECK(kept > small[0].state_bytes);
  CHECK(kept <= small[0].state_bytes + small[0].state_bytes / 16 + 2 * value.size());
  // Resumed without more room it is measured anew, and suspended with the same reason; its place in the log stays.
  Client& op = r.hub.connect("operator", "resuming");
  r.hub.send(op, wire::Control{1, "plugin.resume", R"({"plugin": "hoarder"})"});
  r.hub.advance_ms(1'000);
  r.hub.advance_ms(1'000);
  CHECK(r.state_of("hoarder") == "suspended");
  const auto cursors = r.hub.log->load().value().plugin_cursors;
  const auto row = std::ranges::find(cursors, "hoarder", &log::PluginCursorRow::plugin);
  REQUIRE(row != cursors.end());
  CHECK(row->suspended.find("state_mib allows 65536") != std::string::npos);
  CHECK(row->seq.value() > 0);
}

TEST_CASE("plugins: what they did in a batch that was not written is undone, and they forget it") {
  Region r({rule("keeper")});
  r.remember("keeper");
  Client& c = r.hospital();
  const auto events = r.places(c, 1);
  r.hub.log->fail_next_commit(Errc::disk_full);
  CHECK(r.hub.publish(c, events).front() == Errc::disk_full);
  CHECK(r.hub.restarted == std::vector<std::string>{"keeper"});
  CHECK(r.hub.read_state("keeper", "", true).empty());
  r.hub.log->room();
  r.hub.advance_ms(2'000);
  CHECK(r.hub.publish(c, events).front() == Errc::ok);
  for (const auto& [key, value] : r.hub.read_state("keeper", "", true)) CHECK(value == "once");
}

TEST_CASE("plugins: a hub that ends and starts again goes on where each plugin was") {
  Region r({rule("slow"), judge("strict")});
  r.remember("slow");
  r.hub.moods["slow"] = Mood::late;
  r.publish(3);
  r.hub.advance_ms(2'000);  // its cursor is on disk
  r.hub.moods["slow"] = Mood::prompt;
  r.hub.restart();
  r.connections += 100;
  r.hub.advance_ms(3'000);
  CHECK(r.hub.read_state("slow", "", true).size() == 3);
  r.publish();
  CHECK(r.state_of("slow") == "inline");
  for (const auto& [key, value] : r.hub.read_state("slow", "", true)) CHECK(value == "once");
}

TEST_CASE("plugins: an erasure takes state and timers of the person, and every plugin forgets what it has in memory") {
  Region r(std::vector{reaction::PluginSpec{"keeper", {"nl.placements.handover.requested.v1"}}});
  r.hub.plugins["keeper"] = [](const reaction::CallEvent& e) {
    reaction::Outcome out;
    if (e.kind != reaction::EventKind::event) return out;
    out.state.push_back({to_bytes(e.event.subject), to_bytes("about a person"), std::string(e.person)});
    out.timers.push_back(
        {to_bytes(e.event.subject), TimeMs(e.event.recordedtime.value() + 3'600'000), std::string(e.person)});
    return out;
  };
  Client& school = r.hub.connect("school-a");
  const auto ask = [&](int n) {
    return r.hub.publish_one(
        school, "handover.requested",
        fmt::format(R"({{"handover_id": "ho-{}", "student": "pseudonym-{}", "school": "school-a", )"
                    R"("present_provider": "hospital-a"}})",
                    n, n));
  };
  REQUIRE(ask(1) == Errc::ok);
  REQUIRE(ask(2) == Errc::ok);
  REQUIRE(r.hub.operate("nl.placements.hub.subject-erased.v1",
                        R"({"erasure_id": "er-1", "student": "pseudonym-1", "reason": "asked_by_student"})") ==
          Errc::ok);
  const auto left = r.hub.read_state("keeper", "", true);
  CHECK(left.size() == 1);
  CHECK(left.contains("ho-2"));
  CHECK(r.hub.log->load().value().timers.size() == 1);
  CHECK(r.hub.restarted == std::vector<std::string>{"keeper"});
}

TEST_CASE("plugins: an erasure in the batch that wrote about the person takes what the key held before, too") {
  Region r(std::vector{reaction::PluginSpec{"keeper", {"nl.placements.handover.requested.v1"}}});
  r.hub.plugins["keeper"] = [](const reaction::CallEvent& e) {
    reaction::Outcome out;
    if (e.kind == reaction::EventKind::event)
      out.state.push_back({to_bytes("newest"), to_bytes(e.event.subject), std::string(e.person)});
    return out;
  };
  Client& school = r.hub.connect("school-a");
  Client& op = r.hub.connect("operator", "the one who erases");
  const auto take = [&](Client& c, const std::string& type, const std::string& json) {
    const schema::Event event = r.hub.make(c, type, json);
    const wire::Pub pub{c.next_sequence, {schema::view_of(event)}};
    c.next_sequence = c.next_sequence.next();
    r.hub.step(core::Frame{c.connection, c.who, wire::encode(c.epoch, pub)});
  };
  const auto ask = [&](int handover, int student) {
    take(school, "handover.requested",
         fmt::format(R"({{"handover_id": "ho-{}", "student": "pseudonym-{}", "school": "school-a", )"
                     R"("present_provider": "hospital-a"}})",
                     handover, student));
  };
  ask(1, 2);  // there is a key to erase
  r.hub.step(core::Flush{});
  ask(2, 1);
  r.hub.step(core::Flush{});
  REQUIRE(r.hub.read_state("keeper", "", true).size() == 1);
  // One batch: it is not closed between the two.
  ask(3, 2);
  take(op, "nl.placements.hub.subject-erased.v1",
       R"({"erasure_id": "er-1", "student": "pseudonym-2", "reason": "asked_by_student"})");
  r.hub.step(core::Flush{});
  REQUIRE(op.acks.size() == 1);
  CHECK(op.acks[0].exceptions.empty());
  CHECK(r.hub.read_state("keeper", "", true).empty());
}

TEST_CASE("plugins: what a plugin emits without having declared it is refused, and told to the operator") {
  Region r({rule("liar")});
  r.hub.plugins["liar"] = [](const reaction::CallEvent& e) {
    reaction::Outcome out;
    out.emits.push_back({withdrawn, to_bytes(e.event.payload)});
    return out;
  };
  Client& op = r.hub.connect("operator", "watching");
  r.hub.subscribe(op, "refusals", R"({"suffix": {"type": "hub.refused.v1"}})");
  r.publish();
  CHECK(op.received.size() == 1);
  CHECK(r.hub.core->counters().refusals.at(Errc::missing_grant) == 1);
}

namespace {

/// A rule that wants to withdraw each place that is opened, a judge that will have none of it, and who is told.
struct Contradicted : Region {
  Contradicted() : Region({asker(), {"judge", {}, {withdrawn}}}) {
    schema::Event wish =
        hub.make(hospital(), "vacancy.withdrawn", R"({"vacancy_id": "vac-9", "provider": "hospital-a"})");
    hub.plugins["asker"] = [this, wish](const reaction::CallEvent& e) {
      if (e.event.type == refused)
        heard.push_back(registry().to_json(*registry().find(refused), e.event.payload).value());
      reaction::Outcome out;
      if (e.event.type == opened || insists) out.emits.push_back({withdrawn, wish.payload});
      return out;
    };
    hub.plugins["judge"] = [](const reaction::CallEvent&) {
      reaction::Outcome out;
      out.ruling = reaction::Ruling::reject;
      out.verdict = {"too_late", "Jan kan niet meer", "Jan cannot any more"};
      return out;
    };
  }
  static reaction::PluginSpec asker() {
    reaction::PluginSpec spec{"asker", {opened, "nl.placements.hub.refused.v1"}};
    spec.emits = {withdrawn};
    return spec;
  }
  std::size_t committed(const std::string& type) {
    const auto& by_type = hub.core->counters().by_type;
    const auto at = by_type.find(type);
    return at == by_type.end() ? 0 : at->second;
  }
  const std::string refused = "nl.placements.hub.refused.v1";
  std::vector<std::string> heard;
  bool insists = false;
};

}  // namespace

TEST_CASE("plugins: what one rule makes and another refuses is told to its maker and to the operator") {
  Contradicted r;
  Client& op = r.hub.connect("operator", "watching");
  r.hub.subscribe(op, "refusals", R"({"suffix": {"type": "hub.refused.v1"}})");
  SECTION("in the commit of the event that it answered") { r.publish(); }
  SECTION("afterwards, when the judge was late") {
    r.hub.moods["judge"] = Mood::late;
    r.publish();
    CHECK(r.heard.empty());
    r.hub.moods["judge"] = Mood::prompt;
    while (!r.hub.late_calls.empty()) r.hub.answer_late();
    r.hub.advance_ms(2'000);
  }
  REQUIRE(r.heard.size() == 1);
  const boost::json::object told = boost::json::parse(r.heard.front()).as_object();
  CHECK(told.at("plugin") == "asker");
  CHECK(told.at("code") == static_cast<int>(Errc::rejected_by_rule));
  CHECK(told.at("refused_type").as_string() == withdrawn);
  CHECK(told.at("refused_subject") == "vac-9");
  CHECK(told.at("judge") == "judge");
  CHECK(told.at("judge_code") == "too_late");
  CHECK(r.heard.front().find("Jan") == std::string::npos);  // a judge's words may name somebody
  REQUIRE(op.received.size() == 1);
  CHECK(told.at("event_id").as_string() == to_string(op.received.front().event.causationid));
  CHECK(r.hub.core->counters().refusals.at(Errc::rejected_by_rule) == 1);
}

TEST_CASE("plugins: one that asks again whenever it is refused ends at the hop limit") {
  Contradicted r;
  r.insists = true;
  r.publish();
  CHECK(r.heard.size() == r.committed(r.refused));
  CHECK(r.heard.size() > 1);
  CHECK(r.heard.size() <= limits::hop);
  CHECK(r.hub.core->counters().refusals.at(Errc::hop_limit) == 1);
}

TEST_CASE("plugins: a rule's explanation stands beside the event, for as long as the event") {
  Region r({rule("talker")});
  r.hub.plugins["talker"] = [](const reaction::CallEvent&) {
    reaction::Outcome out;
    out.notes.push_back({"because", "daarom", "that is why"});
    return out;
  };
  r.publish();
  CHECK(r.hub.core->counters().by_type.at("nl.placements.hub.rule-explained.v1") == 1);
}

TEST_CASE("plugins: one that is new in a region reads who the members are, and reacts to nothing older") {
  HarnessOptions options;
  options.plugins = {{"other", {opened}}};
  Harness hub(options);
  hub.enrol("school-a", {"school"});
  hub.enrol("hospital-a", {"care_provider"});
  hub.publish_one(hub.connect("hospital-a"), "vacancy.opened",
                  R"({"vacancy_id": "vac-1", "provider": "hospital-a", "offer": {}})");
  hub.add_plugin({"newcomer", {opened, "nl.placements.hub.member-enrolled.v1"}});
  std::vector<std::string> seen;
  hub.plugins["newcomer"] = [&](const reaction::CallEvent& e) {
    seen.emplace_back(e.event.type);
    return reaction::Outcome{};
  };
  hub.restart();
  hub.advance_ms(3'000);
  CHECK(seen == std::vector<std::string>(2, "nl.placements.hub.member-enrolled.v1"));
  hub.publish_one(hub.connect("hospital-a"), "vacancy.opened",
                  R"({"vacancy_id": "vac-2", "provider": "hospital-a", "offer": {}})");
  CHECK(seen.size() == 3);
  CHECK(seen.back() == opened);
  // The next start finds it known.
  hub.restart();
  hub.advance_ms(3'000);
  CHECK(seen.size() == 3);
}

TEST_CASE("plugins: a view is for operators and for the roles that it names, and who asked is on record") {
  reaction::PluginSpec spec = rule("shows");
  spec.views = {{"for-bureau", "table", "Voor het bureau", "For the bureau", {"bureau"}},
                {"for-nobody", "chart", "Voor beheer", "For operators"}};
  Region region({spec});
  region.hub.enrol("bureau-a", {"bureau"});
  std::size_t asked = 0;
  const auto answer = [&](const std::string& who, const std::string& view) {
    Client& c = region.hub.connect(who, fmt::format("v{}", ++asked));
    region.hub.send(c, wire::Query{7, view, "{}", {}});
    return c.answers.empty() ? wire::Answer{} : c.answers.back();
  };
  CHECK(answer("operator", "plugin-views").body.find("plugin/shows/for-nobody") != std::string::npos);
  CHECK(answer("bureau-a", "plugin-views").body.find("plugin/shows/for-bureau") != std::string::npos);
  CHECK(answer("bureau-a", "plugin-views").body.find("for-nobody") == std::string::npos);
  CHECK(answer("school-a", "plugin-views").body == "[]");
  CHECK(answer("school-a", "plugin/shows/for-bureau").code == Errc::missing_grant);
  CHECK(answer("bureau-a", "plugin/shows/for-nobody").code == Errc::missing_grant);
  CHECK(answer("bureau-a", "plugin/shows/for-bureau").code != Errc::missing_grant);
  region.hub.advance_ms(2'000);
  const auto& audit = region.hub.log->audit();
  CHECK(std::ranges::any_of(audit, [](const auto& row) { return row.action == "plugin.view"; }));
}

TEST_CASE("plugins: rules that answer their own answers end at fan_out, which is told once") {
  reaction::PluginSpec spec = rule("storm");
  spec.emits = {opened};
  Region region({spec});
  const schema::Event more = [&] {
    Client& c = region.hospital();
    return region.places(c, 1).front();
  }();
  region.hub.plugins["storm"] = emits(opened, more, limits::plugin_emits);
  region.publish();
  region.hub.advance_ms(5'000);
  std::size_t events = 0;
  std::size_t refused = 0;
  const auto& counters = region.hub.core->counters();
  for (const auto& [type, n] : counters.by_type) {
    events += type == opened ? n : 0;
    refused += type == "nl.placements.hub.refused.v1" ? n : 0;
  }
  CHECK(events == 1 + limits::fan_out);
  CHECK(refused == 1);
  region.publish();  // another event has its own
  CHECK(region.hub.core->counters().by_type.find(opened)->second > 1 + limits::fan_out);
}

TEST_CASE("plugins: two rules that play ping-pong end at the hop limit, and the hub goes on") {
  reaction::PluginSpec ping = rule("ping");
  ping.emits = {withdrawn};
  reaction::PluginSpec pong{"pong", {withdrawn}};
  pong.emits = {opened};
  Region region({ping, pong});
  Client& c = region.hospital();
  const schema::Event place = region.places(c, 1).front();
  const schema::Event gone =
      region.hub.make(c, "vacancy.withdrawn", R"({"vacancy_id": "vac-1", "provider": "hospital-a"})");
  region.hub.plugins["ping"] = emits(withdrawn, gone, 1);
  region.hub.plugins["pong"] = emits(opened, place, 1);
  region.publish();
  region.hub.advance_ms(1'000);
  const auto& counters = region.hub.core->counters();
  CHECK(counters.by_type.find(opened)->second + counters.by_type.find(withdrawn)->second == 1 + limits::hop);
  CHECK(counters.refusals.at(Errc::hop_limit) == 1);
  region.publish();
  CHECK(region.state_of("ping") == "inline");
}

TEST_CASE("plugins: of a round that is more than a call takes one is told by the log, and nothing is lost") {
  reaction::PluginSpec makes = rule("makes");
  makes.emits = {withdrawn};
  reaction::PluginSpec reads{"reads", {withdrawn}};
  Region region({makes, reads});
  Client& c = region.hospital();
  const schema::Event gone =
      region.hub.make(c, "vacancy.withdrawn", R"({"vacancy_id": "vac-1", "provider": "hospital-a"})");
  region.hub.plugins["makes"] = emits(withdrawn, gone, limits::plugin_emits);
  std::size_t read = 0;
  region.hub.plugins["reads"] = counts(read);
  const int n = static_cast<int>(limits::inline_call_events / limits::plugin_emits) + 1;
  Client& publisher = region.hospital();
  region.hub.publish(publisher, region.places(publisher, n));
  region.hub.advance_ms(5'000);
  CHECK(read == static_cast<std::size_t>(n) * limits::plugin_emits);
  CHECK(std::ranges::all_of(region.hub.calls,
                            [](const auto& call) { return call.second <= limits::inline_call_events; }));
}

TEST_CASE("plugins: a round of more than inline_call_bytes is told by the log, too") {
  reaction::PluginSpec makes{"makes", {withdrawn}};
  makes.emits = {opened};
  reaction::PluginSpec reads = rule("reads");
  Region region({makes, reads});
  Client& c = region.hospital();
  const std::size_t large = 60'000;
  const schema::Event place = region.places(c, 1, large).front();
  region.hub.plugins["makes"] = emits(opened, place, limits::plugin_emits);
  std::size_t read = 0;
  region.hub.plugins["reads"] = counts(read);
  const std::size_t n = limits::inline_call_bytes / limits::plugin_emits / large + 1;
  std::vector<schema::Event> gone;
  for (std::size_t i = 0; i < n; ++i)
    gone.push_back(region.hub.make(c, "vacancy.withdrawn", R"({"vacancy_id": "vac-1", "provider": "hospital-a"})"));
  region.hub.publish(c, gone);
  region.hub.advance_ms(5'000);
  CHECK(read == n * limits::plugin_emits);
  CHECK(std::ranges::none_of(region.hub.calls, [&](const auto& call) {
    return call.first == "reads" && call.second * large > limits::inline_call_bytes;
  }));
}

TEST_CASE("plugins: how much followed is remembered for the newest fan_out_roots events, and not from a failed batch") {
  core::FanOut following;
  const auto id = [](std::uint64_t n) { return make_event_id(n); };
  const EventId old = id(1);
  CHECK(following.one_more(old) == 1);
  following.drop_staged();
  CHECK(following.one_more(old) == 1);
  CHECK(following.one_more(old) == 2);
  following.commit_staged();
  CHECK(following.one_more(old) == 3);
  following.commit_staged();
  for (std::size_t n = 0; n < limits::fan_out_roots - 1; ++n) following.one_more(id(n + 2));
  following.commit_staged();
  CHECK(following.one_more(old) == 4);
  following.commit_staged();  // in the older half now, and touched
  for (std::size_t n = 0; n < 2 * limits::fan_out_roots + 2; ++n) {
    following.one_more(id(n + 2));
    if (n % limits::fan_out_roots == 0) following.commit_staged();
  }
  following.commit_staged();
  CHECK(following.one_more(old) == 1);
}

TEST_CASE(
    "plugins: a parked event that is redriven while another one is asked about again is handled once, and so is that") {
  Region region({rule("counts")});
  std::map<std::string, int> seen;
  region.hub.plugins["counts"] = [&](const reaction::CallEvent& e) {
    ++seen[std::string(e.event.subject)];
    reaction::Outcome out;
    out.item = e.item;
    return out;
  };
  region.hub.moods["counts"] = Mood::crashes;
  region.publish(2);  // vac-1 and vac-2 are parked
  region.hub.advance_ms(2'000);
  region.hub.moods["counts"] = Mood::prompt;
  region.publish(2);
  region.hub.advance_ms(2'000);
  REQUIRE(seen == std::map<std::string, int>{{"vac-3", 1}, {"vac-4", 1}});
  Client& op = region.hub.connect("operator", "redrives");
  region.hub.send(op, wire::Query{1, "plugin-parked", "{}", {}});
  const auto parked = boost::json::parse(op.answers.back().body);
  REQUIRE(parked.as_array().size() == 2);
  const auto redrive = [&](std::size_t i) {
    const boost::json::object args{{"plugin", "counts"}, {"ref", parked.at(i).at("ref")}};
    region.hub.send(op, wire::Control{2, "plugin.redrive", boost::json::serialize(args)});
    region.hub.advance_ms(10);
  };
  region.hub.moods["counts"] = Mood::late;
  redrive(1);
  REQUIRE(region.hub.late_calls.size() == 1);
  redrive(0);
  region.hub.moods["counts"] = Mood::prompt;
  region.hub.answer_late();
  region.hub.advance_ms(2'000);
  CHECK(seen == std::map<std::string, int>{{"vac-1", 1}, {"vac-2", 1}, {"vac-3", 1}, {"vac-4", 1}});
  region.hub.send(op, wire::Query{3, "plugin-parked", "{}", {}});
  CHECK(op.answers.back().body == "[]");
}

TEST_CASE("plugins: what a plugin says is its own, also when its name begins like the hub's") {
  reaction::PluginSpec spec = rule("hub-of-places");
  spec.emits = {withdrawn};
  Region region({spec});
  Client& c = region.hospital();
  const schema::Event gone =
      region.hub.make(c, "vacancy.withdrawn", R"({"vacancy_id": "vac-1", "provider": "hospital-a"})");
  region.hub.plugins["hub-of-places"] = emits(withdrawn, gone, 1);
  Client& school = region.hub.connect("school-a");
  region.hub.subscribe(school, "all");
  region.publish();
  region.hub.advance_ms(100);
  REQUIRE(school.received.size() == 2);
  CHECK(school.received.back().event.source.ends_with(":systeem:plugin-hub-of-places"));
}

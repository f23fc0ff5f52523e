// tests/unit/whatif/story.hpp: a log made up event by event, as a hub with one rule would have written it, and a runner
// that asks a function instead of a process. For tests; one thread.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>

#include "hub/log/keys.hpp"
#include "hub/log/memory_log.hpp"
#include "hub/reaction/firing.hpp"
#include "hub/schema/json.hpp"
#include "hub/whatif/replay.hpp"
#include "tests/catch.hpp"

namespace iro::whatif::test {

using State = std::map<Bytes, Bytes, BytesLess>;
/// What a rule answers; nothing: it crashes.
using Rule = std::function<std::optional<reaction::Outcome>(const reaction::CallEvent&, State&)>;

inline const std::string rule_id = "rule";
inline const std::string opened = "nl.placements.vacancy.opened.v1";
inline const std::string withdrawn = "nl.placements.vacancy.withdrawn.v1";
inline const std::string at_risk = "nl.placements.student.at-risk.v1";

inline void put(reaction::Outcome& out, State& state, std::string_view key, std::string_view value) {
  out.state.push_back({to_bytes(key), to_bytes(value), {}});
  state[to_bytes(key)] = to_bytes(value);
}

/// Asks a function. Its state comes by questions, all of it before each call, as after the start of a process.
class FunctionRunner final : public reaction::Runner {
 public:
  explicit FunctionRunner(Rule rule) : rule_(std::move(rule)) {}
  void call(reaction::Call call) override {
    if (call.alone) ++alone;
    call_ = std::move(call);
    said_.emplace_back(reaction::StateAsk{rule_id, ++request_, true, {}});
  }
  void answer(reaction::StateAnswer answer) override {
    State state(answer.rows.begin(), answer.rows.end());
    reaction::Result result{rule_id, call_.no, {}, reaction::Failure::none, {}};
    for (const auto& event : call_.events) {
      auto outcome = rule_(event, state);
      if (!outcome) {
        result.failure = reaction::Failure::crashed;
        result.why = "killed by SIGSEGV";
        break;
      }
      outcome->item = event.item;
      result.outcomes.push_back(std::move(*outcome));
    }
    said_.emplace_back(std::move(result));
  }
  void show(reaction::ViewAsk) override {}
  void restart(const std::string&) override {}
  void poll_on(std::vector<pollfd>&) const override {}
  [[nodiscard]] std::optional<Moment> wake_at() const override { return Moment{}; }
  std::vector<reaction::Said> take() override { return std::exchange(said_, {}); }

  int alone = 0;

 private:
  Rule rule_;
  reaction::Call call_;
  std::uint32_t request_ = 0;
  std::vector<reaction::Said> said_;
};

constexpr std::uint16_t expiry_month = 24'000;

/// One commit after another; the rule that is in force answers in the same commit, as in the core.
class Story {
 public:
  explicit Story(reaction::PluginSpec spec, Rule in_force = {}) : spec_(std::move(spec)), rule_(std::move(in_force)) {
    log::Commit first;
    first.members.push_back({MemberNo(1), "hospital", "{}"});
    if (rule_) first.plugin_cursors.push_back({spec_.id, Seq(0), {}, Seq(1)});
    REQUIRE(log.commit(first));
  }
  /// The rule is put in force now, as a new one.
  void enable(Rule rule) {
    rule_ = std::move(rule);
    log::Commit now;
    now.plugin_cursors.push_back({spec_.id, Seq(0), {}, log.load().value().next_seq});
    REQUIRE(log.commit(now));
  }
  /// What was recorded until now is over.
  void retain() {
    log::Commit now;
    now.retention = log::RetentionRow{expiry_month, TimeMs(at_)};
    REQUIRE(log.commit(now));
  }

  struct Given {
    std::string type;
    std::string json;
    TimeMs expires = {};
  };
  /// The hub takes these at `at`. Gives the id of the first.
  EventId commit(std::int64_t at, const std::vector<Given>& events) {
    begin(at);
    std::vector<schema::Event> made;
    made.reserve(events.size());
    for (const Given& given : events) made.push_back(make(given, at));
    for (const schema::Event& event : made) take(event);
    end();
    return made.front().id;
  }
  EventId vacancy(std::int64_t at, int seats, TimeMs expires = {}) {
    return commit(at, {{opened,
                        fmt::format(R"({{"vacancy_id": "vac-{}", "provider": "hospital",
      "offer": {{"seats": [{{"week": "2026-W40", "seats": {}}}]}}}})",
                                    ++made_, seats),
                        expires}});
  }
  /// Timers of the rule in force that are due fire, in a commit of their own.
  void fire(std::int64_t at) {
    begin(at);
    const auto due = timers_;
    for (const auto& [key, when] : due) {
      if (when.value() > at) continue;
      timers_.erase(key);
      commit_.timers.push_back({spec_.id, key, std::nullopt, {}});
      schema::Event event;
      event.id = reaction::firing_id(spec_.id, key, when);
      event.type = reaction::timer_fired_type;
      event.source = "urn:nld:oin:00000099000000000000:systeem:hub";
      event.causationid = reaction::timer_id(spec_.id, key, when);
      event.subject = spec_.id;
      event.time = TimeMs(at);
      event.hop = 1;
      event.payload =
          payload(event.type, boost::json::serialize(boost::json::object{
                                  {"plugin", spec_.id}, {"key", schema::to_base64(key)}, {"due", format_time(when)}}));
      add(event, 0, MemberNo(0));
      reaction::CallEvent shown = shown_of(event);
      shown.kind = reaction::EventKind::timer;
      shown.key = key;
      shown.due = when;
      react(event, shown);
    }
    end();
  }
  /// Everything about this person is unreadable from now on.
  void erase(const std::string& person) {
    const auto of_person = keys.keys_of(person).value();
    for (const auto& [months, no] : of_person) REQUIRE(keys.destroy(no, "test", TimeMs(1)));
  }

  /// The same history through `rule`.
  Report what_if(const Rule& rule, std::int64_t since = 0, std::optional<reaction::PluginSpec> spec = std::nullopt,
                 std::optional<std::int64_t> until = std::nullopt, bool from_the_beginning = false) {
    const reaction::PluginSpec candidate = spec.value_or(spec_);
    FunctionRunner runner(rule);
    const auto record =
        log::plugin_record_of(log.load().value(), log.plugin_state(candidate.id, {}, true).value(), candidate.id);
    const FindKey find = [&](PersonKeyNo no) { return keys.find(no); };
    const auto reader = log.reader();
    Trial trial{candidate,          "2.0.0", runner, {}, "00000099000000000000", TimeMs(since), std::nullopt,
                from_the_beginning, 20,      {}};
    if (until) trial.until = TimeMs(*until);
    auto report = replay({*reader, record, find, registry}, trial);
    REQUIRE(report);
    alone = runner.alone;
    return std::move(*report);
  }

  log::MemoryLog log;
  log::MemoryKeyRing keys;
  schema::Registry registry = schema::Registry::builtin().value();
  int alone = 0;

 private:
  AtomNo atom(const std::string& text) {
    const auto [at, fresh] = atoms_.try_emplace(text, AtomNo(static_cast<std::uint32_t>(atoms_.size() + 1)));
    if (fresh) commit_.definitions.push_back({log::DefinitionKind::atom, at->second.value(), to_bytes(text)});
    return at->second;
  }
  Bytes payload(const std::string& type, const std::string& json) {
    auto made = registry.from_json(*registry.find(type), json);
    INFO(json << (made ? "" : made.error().text()));
    REQUIRE(made);
    return std::move(*made);
  }
  schema::Event make(const Given& given, std::int64_t at) {
    schema::Event event;
    event.id = make_event_id(static_cast<std::uint64_t>(at));
    event.type = given.type;
    event.source = "urn:nld:oin:00000099000000002001:systeem:places";
    event.time = TimeMs(at);
    event.expirytime = given.expires;
    event.payload = payload(given.type, given.json);
    event.subject = registry.facts(*registry.find(given.type), event.payload).subject;
    return event;
  }
  reaction::CallEvent shown_of(const schema::Event& event) {
    reaction::CallEvent shown;
    shown.event = schema::view_of(event);
    shown.event.recordedtime = TimeMs(at_);
    shown.sender = "hospital";
    return shown;
  }
  static bool lists(const std::vector<std::string>& types, const std::string& type) {
    return std::ranges::find(types, type) != types.end();
  }
  void begin(std::int64_t at) {
    const auto snapshot = log.load().value();
    at_ = at;
    builder_.emplace(snapshot.next_seq, TimeMs(at), snapshot.head);
  }
  void end() {
    if (builder_->count() == 0) return;
    for (const auto& definition : commit_.definitions) builder_->define(definition);
    commit_.chunk = std::make_shared<const log::Chunk>(std::move(*builder_).finish({}));
    REQUIRE(log.commit(commit_));
    commit_ = {};
  }
  void add(const schema::Event& event, std::uint8_t flags, MemberNo sender) {
    const schema::EventType& type = *registry.find(event.type);
    log::Entry e;
    e.id = event.id;
    e.type = atom(event.type);
    e.source = atom(event.source);
    e.sender = sender;
    if (sender.value() != 0) e.producer.b[0] = 1;
    e.time = event.time;
    e.expirytime = event.expirytime;
    e.recordedtime = TimeMs(at_);
    e.flags = flags;
    e.hop = event.hop;
    e.causationid = event.causationid;
    e.subject = event.subject;
    e.expiry_month = expiry_month;
    Bytes stored = event.payload;
    if (type.has_person) {
      const auto person = std::string(registry.facts(type, event.payload).person);
      const auto key = keys.get_or_create(person, type.retention_months).value();
      e.person_key = key.no;
      e.flags |= log::encrypted;
      stored = log::seal(key, event.id, event.payload);
    }
    builder_->add(e, stored);
  }
  void take(const schema::Event& event) {
    reaction::CallEvent shown = shown_of(event);
    shown.judged = lists(spec_.judges, event.type);
    const bool concerned = rule_ && (shown.judged || lists(spec_.reacts, event.type));
    State copy = state_;
    const auto outcome = concerned ? rule_(shown, copy) : std::optional<reaction::Outcome>();
    if (outcome && outcome->ruling == reaction::Ruling::reject) return;
    const bool held = outcome && outcome->ruling == reaction::Ruling::hold;
    add(event, held ? log::held | log::by_rule : 0, MemberNo(1));
    if (held) explain_hold(event);
    if (concerned) react(event, shown);
  }
  void explain_hold(const schema::Event& event) {
    schema::Event said;
    said.id = derive_event_id("hub/explain/" + spec_.id, event.id, 0);
    said.type = "nl.placements.hub.rule-explained.v1";
    said.source = "urn:nld:oin:00000099000000000000:systeem:hub";
    said.causationid = event.id;
    said.payload =
        payload(said.type, boost::json::serialize(boost::json::object{
                               {"event_id", to_string(event.id)}, {"plugin", spec_.id}, {"verdict", "hold"}}));
    add(said, 0, MemberNo(0));
  }
  void react(const schema::Event& event, const reaction::CallEvent& shown) {
    const auto outcome = rule_(shown, state_);
    if (!outcome) return;
    for (const auto& change : outcome->state) {
      commit_.plugin_state.push_back({spec_.id, change.key, {}, change.value});
      if (change.value) {
        state_[change.key] = *change.value;
      } else {
        state_.erase(change.key);
      }
    }
    for (const auto& change : outcome->timers) {
      commit_.timers.push_back({spec_.id, change.key, change.due, {}});
      timers_.erase(change.key);
      if (change.due) timers_[change.key] = *change.due;
    }
    std::uint32_t ordinal = 0;
    for (const auto& emit : outcome->emits) {
      schema::Event said;
      said.id = derive_event_id(spec_.id, event.id, ordinal++);
      said.type = emit.type;
      said.source = "urn:nld:oin:00000099000000000000:systeem:plugin-" + spec_.id;
      said.causationid = event.id;
      said.time = event.time;
      said.hop = static_cast<std::uint8_t>(event.hop + 1);
      said.payload = emit.payload;
      said.subject = registry.facts(*registry.find(emit.type), said.payload).subject;
      add(said, 0, MemberNo(0));
      if (lists(spec_.reacts, emit.type)) react(said, shown_of(said));
    }
  }

  reaction::PluginSpec spec_;
  Rule rule_;
  State state_;
  std::map<Bytes, TimeMs, BytesLess> timers_;
  std::map<std::string, AtomNo> atoms_;
  std::optional<log::ChunkBuilder> builder_;
  log::Commit commit_;
  std::int64_t at_ = 0;
  int made_ = 0;
};

}  // namespace iro::whatif::test

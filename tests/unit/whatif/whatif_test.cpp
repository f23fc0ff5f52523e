// Concern: a replay says what a rule that is new or was changed would have done otherwise, and nothing else.
// Plan: histories as a hub with a rule would have written them (story.hpp), through the same rule and through others.
#include "tests/unit/whatif/story.hpp"

using namespace iro;
using namespace iro::whatif;
using namespace iro::whatif::test;
using reaction::CallEvent;
using reaction::EventKind;
using reaction::Outcome;
using reaction::Ruling;

namespace {

const schema::Registry& types() {
  static const schema::Registry all = schema::Registry::builtin().value();
  return all;
}

std::int64_t seats_of(const CallEvent& e) {
  const auto json = boost::json::parse(types().to_json(*types().find(opened), e.event.payload).value());
  return json.at("offer").at("seats").at(0).at("seats").as_int64();
}

reaction::Emit withdrawal(std::string_view vacancy, std::string_view code = "ward_closed") {
  const auto json = fmt::format(R"({{"vacancy_id": "{}", "provider": "hospital", "code": "{}"}})", vacancy, code);
  return {withdrawn, types().from_json(*types().find(withdrawn), json).value()};
}

/// Answers a place of more than `most` seats by withdrawing it, and counts what it sees.
Rule too_large(int most, std::string_view code = "ward_closed") {
  return [=](const CallEvent& e, State& state) {
    Outcome out;
    if (e.event.type != opened || e.kind != EventKind::event) return std::optional(out);
    put(out, state, fmt::format("seen/{}", e.event.subject), "1");
    if (seats_of(e) > most) out.emits.push_back(withdrawal(e.event.subject, code));
    return std::optional(out);
  };
}

/// Lets places of more than `most` seats not pass.
Rule strict(int most, Ruling ruling = Ruling::reject) {
  return [=](const CallEvent& e, State& state) {
    Outcome out;
    if (!e.judged) return std::optional(out);
    put(out, state, "last", e.event.subject);
    if (seats_of(e) <= most) return std::optional(out);
    out.ruling = ruling;
    out.verdict = {"too_large", "te groot", "too large"};
    return std::optional(out);
  };
}

/// Withdraws every place `days` after it was opened.
Rule after(std::int64_t days) {
  return [=](const CallEvent& e, State&) {
    Outcome out;
    if (e.kind == EventKind::timer) {
      out.emits.push_back(withdrawal(as_text(e.key)));
    } else if (e.event.type == opened) {
      out.timers.push_back({to_bytes(e.event.subject), e.event.recordedtime.plus(days * 86'400'000), {}});
    }
    return std::optional(out);
  };
}

const reaction::PluginSpec reacts{rule_id, {opened}, {}, {withdrawn}};
const reaction::PluginSpec judges{rule_id, {}, {opened}, {}};
constexpr std::int64_t day = 86'400'000;

}  // namespace

TEST_CASE("what-if: a rule that has not changed makes no difference") {
  SECTION("that answers with events and keeps state") {
    Story story(reacts, too_large(3));
    for (int i = 1; i <= 6; ++i) story.vacancy(i * day, i);
    const Report report = story.what_if(too_large(3));
    CHECK(report.differences() == 0);
    CHECK(report.recorded == 3);
    CHECK(report.same == 3);
    CHECK(report.state_same == 6);
    CHECK(report.shown == 6);
  }
  SECTION("that judges and holds") {
    Story story(judges, strict(3, Ruling::hold));
    for (int i = 1; i <= 6; ++i) story.vacancy(i * day, i);
    CHECK(story.what_if(strict(3, Ruling::hold)).differences() == 0);
  }
  SECTION("that has timers, which fired late") {
    Story story(reacts, after(2));
    story.vacancy(1 * day, 1);
    story.vacancy(2 * day, 1);
    story.vacancy(4 * day, 1);
    story.fire(4 * day + 1);
    story.vacancy(5 * day, 1);
    const Report report = story.what_if(after(2));
    CHECK(report.differences() == 0);
    CHECK(report.firings == 2);
    CHECK(report.same == 2);
  }
  SECTION("that hears what it says itself") {
    reaction::PluginSpec spec = reacts;
    spec.reacts.push_back(withdrawn);
    const Rule rule = [](const CallEvent& e, State& state) {
      auto out = too_large(3)(e, state);
      if (e.event.type == withdrawn) put(*out, state, fmt::format("gone/{}", e.event.subject), "1");
      return out;
    };
    Story story(spec, rule);
    for (int i = 1; i <= 6; ++i) story.vacancy(i * day, i);
    const Report report = story.what_if(rule);
    CHECK(report.differences() == 0);
    CHECK(report.state_same == 9);
    CHECK(report.shown == 9);
  }
}

TEST_CASE("what-if: of a rule that was never there everything is new") {
  Story story(reacts);
  for (int i = 1; i <= 6; ++i) story.vacancy(i * day, i);
  const Report report = story.what_if(too_large(3));
  CHECK_FALSE(report.recorded_before);
  CHECK(report.more.count == 3);
  CHECK(report.gone.count == 0);
  CHECK(report.state_more.count == 6);
  REQUIRE(report.more.first.size() == 3);
  CHECK(report.more.first.front().type == withdrawn);
  CHECK(report.more.first.front().subject == "vac-4");
  CHECK(report.more.first.front().cause_type == opened);
}

TEST_CASE("what-if: what a changed rule says is compared by its cause, from the date on") {
  Story story(reacts, too_large(3));
  for (int i = 1; i <= 6; ++i) story.vacancy(i * day, i);
  SECTION("it says more") { CHECK(story.what_if(too_large(1)).more.count == 2); }
  SECTION("it says less") { CHECK(story.what_if(too_large(5)).gone.count == 2); }
  SECTION("it says something else") {
    const Report report = story.what_if(too_large(3, "reorganised"));
    CHECK(report.otherwise.count == 3);
    CHECK(report.more.count + report.gone.count == 0);
    CHECK(report.otherwise.first.front().fields == std::vector<std::string>{"code"});
  }
  SECTION("one more before the others is one more, whatever the ordinals") {
    const Report report = story.what_if([](const CallEvent& e, State& state) {
      auto out = too_large(3)(e, state);
      if (!out->emits.empty()) out->emits.insert(out->emits.begin(), withdrawal(e.event.subject, "reorganised"));
      return out;
    });
    CHECK(report.more.count == 3);
    CHECK(report.same == 3);
    CHECK(report.otherwise.count + report.gone.count == 0);
  }
  SECTION("only since the date") { CHECK(story.what_if(too_large(5), 5 * day).gone.count == 1); }
  SECTION("only until the date, and then without its state") {
    const Report report = story.what_if(too_large(1), 0, std::nullopt, 2 * day);
    CHECK(report.more.count == 1);
    CHECK_FALSE(report.state_compared);
  }
  SECTION("what the hub would not take from it") {
    reaction::PluginSpec mute = reacts;
    mute.emits.clear();
    const Report report = story.what_if(too_large(3), 0, mute);
    CHECK(report.refused.count == 3);
    CHECK(report.refused.first.front().code == Errc::missing_grant);
    CHECK(report.gone.count == 3);
  }
}

TEST_CASE("what-if: a stricter rule refuses or holds what came in") {
  Story story(judges, strict(4));
  std::vector<EventId> ids;
  for (int i = 1; i <= 6; ++i) ids.push_back(story.vacancy(i * day, i));
  const Report refused = story.what_if(strict(2));
  REQUIRE(refused.verdicts.size() == 1);
  const auto& [fates, some] = *refused.verdicts.begin();
  CHECK(fates == std::pair(Fate::accepted, Fate::rejected));
  CHECK(some.count == 2);
  CHECK(some.first.front().event.id == ids[2]);
  CHECK(some.first.front().note.code == "too_large");
  // What the recorded rule refused is not in the log: neither rule is asked about vac-5 and vac-6.
  CHECK(refused.shown == 4);

  const Report held = story.what_if(strict(2, Ruling::hold));
  REQUIRE(held.verdicts.size() == 1);
  CHECK(held.verdicts.begin()->first == std::pair(Fate::accepted, Fate::held));
}

TEST_CASE("what-if: a milder rule lets pass what was held") {
  Story story(judges, strict(2, Ruling::hold));
  for (int i = 1; i <= 4; ++i) story.vacancy(i * day, i);
  const Report report = story.what_if(strict(3));
  std::map<std::pair<Fate, Fate>, std::uint64_t> counts;
  for (const auto& [fates, some] : report.verdicts) counts[fates] = some.count;
  CHECK(counts == std::map<std::pair<Fate, Fate>, std::uint64_t>{{{Fate::held, Fate::accepted}, 1},
                                                                 {{Fate::held, Fate::rejected}, 1}});
}

TEST_CASE("what-if: what the candidate holds beyond its time is refused, and what has time left is held") {
  Story story(judges);
  const EventId over = story.vacancy(1 * day, 1, TimeMs(2 * day));
  story.vacancy(3 * day, 1, TimeMs(9 * day));
  story.vacancy(4 * day, 5);
  const Report report = story.what_if([](const CallEvent& e, State&) {
    Outcome out;
    out.ruling = seats_of(e) < 3 ? Ruling::hold : Ruling::accept;
    return std::optional(out);
  });
  REQUIRE(report.verdicts.at({Fate::accepted, Fate::rejected}).count == 1);
  CHECK(report.verdicts.at({Fate::accepted, Fate::rejected}).first.front().event.id == over);
  CHECK(report.verdicts.at({Fate::accepted, Fate::held}).count == 1);
}

TEST_CASE("what-if: what the candidate holds it can let out or refuse") {
  Story story(judges);
  std::vector<EventId> ids;
  for (int i = 1; i <= 3; ++i) ids.push_back(story.vacancy(i * day, i));
  const Report report = story.what_if([&](const CallEvent& e, State&) {
    Outcome out;
    if (seats_of(e) < 3) {
      out.ruling = Ruling::hold;
      out.verdict = {"wait", "wacht", "wait"};
    } else {
      out.held.push_back({ids[0], true, {}});
      out.held.push_back({ids[1], false, {"no", "nee", "no"}});
      out.held.push_back({ids[2], true, {}});  // that it does not hold
    }
    return std::optional(out);
  });
  REQUIRE(report.verdicts.size() == 2);
  CHECK(report.verdicts.at({Fate::accepted, Fate::let_out}).first.front().event.id == ids[0]);
  CHECK(report.verdicts.at({Fate::accepted, Fate::rejected}).first.front().note.code == "no");
  REQUIRE(report.refused.count == 1);
  CHECK(report.refused.first.front().code == Errc::not_found);
}

TEST_CASE("what-if: the candidate is as new as the rule was, unless it is asked otherwise") {
  Story story(reacts);
  for (int i = 1; i <= 3; ++i) story.vacancy(i * day, 5);
  story.enable(too_large(3));
  for (int i = 4; i <= 6; ++i) story.vacancy(i * day, 5);
  const Report report = story.what_if(too_large(3));
  CHECK(report.differences() == 0);
  CHECK(report.shown == 3);
  CHECK(report.heard_from == TimeMs(4 * day));
  const Report all = story.what_if(too_large(3), 0, std::nullopt, std::nullopt, true);
  CHECK(all.shown == 6);
  CHECK(all.more.count == 3);
  CHECK(all.same == 3);
}

TEST_CASE("what-if: content that retention has removed is a marker, and named as unseen") {
  Story story(reacts, too_large(3));
  for (int i = 1; i <= 4; ++i) story.vacancy(i * day, 5);
  story.retain();
  const Report report = story.what_if(too_large(3));
  CHECK(report.unseen.expired == 4);
  CHECK(report.unseen.emitted == 4);
  CHECK(report.gone.count == 0);
}

TEST_CASE("what-if: the candidate's own timers fire in the log's time") {
  Story story(reacts, after(2));
  story.vacancy(1 * day, 1);
  story.fire(3 * day);
  story.vacancy(10 * day, 1);
  SECTION("another moment is another firing") {
    const Report report = story.what_if(after(4));
    CHECK(report.firings == 1);
    CHECK(report.gone.count == 1);
    REQUIRE(report.more.count == 1);
    CHECK(report.more.first.front().at == TimeMs(5 * day));
    CHECK(report.timers.count == 1);  // of the second place: another day
  }
  SECTION("one that sets itself again and again ends all the same") {
    const Report report = story.what_if([](const CallEvent& e, State&) {
      Outcome out;
      out.timers.push_back({to_bytes(std::string_view("again")), TimeMs(1), {}});
      if (e.kind == EventKind::timer) out.emits.push_back(withdrawal("vac-1"));
      return std::optional(out);
    });
    CHECK(report.firings >= 256);
    CHECK(report.firings < 1'000);
  }
}

TEST_CASE("what-if: an erased body is a marker, and what hangs on it is not called a difference") {
  const reaction::PluginSpec spec{rule_id, {at_risk}, {}, {withdrawn}};
  int markers = 0;
  const Rule rule = [&](const CallEvent& e, State& state) {
    Outcome out;
    if (e.kind == EventKind::erased) {
      ++markers;
      return std::optional(out);
    }
    CHECK(e.event.payload.size() > 0);
    put(out, state, fmt::format("risk/{}", e.event.subject), "1");
    out.emits.push_back(withdrawal(e.event.subject));
    return std::optional(out);
  };
  Story story(spec, rule);
  for (int i = 1; i <= 3; ++i) {
    story.commit(
        i * day,
        {{at_risk, fmt::format(R"({{"risk_id": "r-{}", "student": "pseudonym-{}", "school": "roc"}})", i, i)}});
  }
  CHECK(story.what_if(rule).differences() == 0);
  story.erase("pseudonym-2");
  markers = 0;
  const Report report = story.what_if(rule);
  CHECK(markers == 1);
  CHECK(report.unseen.erased == 1);
  CHECK(report.unseen.emitted == 1);
  CHECK(report.gone.count == 0);
  CHECK(report.same == 2);
  CHECK(report.state_gone.count == 1);  // in this story the rule's state was under no person's key
}

TEST_CASE("what-if: an event that the candidate fails on is set aside with its subject, and the rest goes on") {
  Story story(reacts);
  const auto place = [](std::string_view id, int seats) {
    return Story::Given{opened, fmt::format(R"({{"vacancy_id": "{}", "provider": "hospital",
      "offer": {{"seats": [{{"week": "2026-W40", "seats": {}}}]}}}})",
                                            id, seats)};
  };
  const EventId bad = story.commit(1 * day, {place("vac-bad", 13), place("vac-good", 5), place("vac-bad", 5)});
  story.commit(2 * day, {place("vac-bad", 6), place("vac-other", 6)});
  const Report report = story.what_if([](const CallEvent& e, State& state) {
    if (seats_of(e) == 13) return std::optional<Outcome>();
    return too_large(3)(e, state);
  });
  CHECK(story.alone == 1);
  REQUIRE(report.failed.count == 1);
  CHECK(report.failed.first.front().event.id == bad);
  CHECK(report.failed.first.front().why == "crashed: killed by SIGSEGV");
  CHECK(report.unseen.waiting == 2);
  CHECK(report.shown == 2);
  CHECK(report.more.count == 2);
}

// Concern: whatever is said, in whatever order and however often, the rule answers, ends up somewhere sensible, and
// keeps what it knows of a student under that student. Plan: random stories on the bench, with few ids, so that events
// meet.
#include <algorithm>
#include <functional>
#include <set>

#include "plugins/warm_handover/tests/property.hpp"
#include "plugins/warm_handover/tests/region.hpp"

namespace {
using namespace iro::handover;
using tests::property;
using tests::Region;

constexpr const char* student = "pseudo-0001";
constexpr sys_days monday = std::chrono::year(2026) / 9 / 7;

/// Each number as likely, also in the first stories, which rapidcheck would keep small.
template <typename T>
T draw(T from, T until) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, until));
}
template <typename T>
std::optional<T> maybe(T value) {
  return draw(0, 6) == 0 ? std::nullopt : std::optional<T>(value);
}
template <typename T>
T any(std::initializer_list<T> list) {
  return *(list.begin() + draw<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(list.size())));
}
std::int32_t some_day() { return iro::to_field(monday + days(draw(-20, 80))); }
std::string some_provider() { return any<const char*>({"home-b", "home-c", "hospital-a"}); }
std::string some_vacancy() { return any<const char*>({"va-1", "va-2", "va-3"}); }

template <typename Native>
Native about(int number) {
  Native out;
  out.handover_id = "ho-" + std::to_string(number);
  out.school = "school-a";
  if constexpr (requires { out.student; }) out.student = number == 1 ? student : "pseudo-0002";
  if constexpr (requires { out.provider; }) out.provider = some_provider();
  if constexpr (requires { out.vacancy_id; }) out.vacancy_id = any<const char*>({"va-1", "va-2", "va-3"});
  return out;
}
template <typename Native>
Native risk() {
  Native out;
  out.risk_id = "ri-1";
  out.student = student;
  out.school = "school-a";
  return out;
}

using Act = std::function<iro::testing::Outcome(Region&)>;

Act waiting(int days) {
  return [days](Region& region) {
    region.wait(days);
    iro::testing::Outcome quiet;
    quiet.verdict = iro::Verdict::Kind::reject;  // it changes what it may: not a thing to repeat
    return quiet;
  };
}

/// What might be said next: an action that can be done twice.
Act some_act() {
  const int n = draw(0, 2) + 1;
  const auto act = [](auto payload, std::string sender = "school-a") -> Act {
    const auto kept = std::make_shared<decltype(payload)>(std::move(payload));
    return [kept, sender](Region& region) {
      auto outcome = region.tell(*kept, sender);
      // What is explained here, the present provider and other schools could read.
      if constexpr (requires { kept->offer; }) RC_ASSERT(outcome.notes.empty());
      if constexpr (requires {
                      kept->outcome;
                      kept->placement_id;
                    }) {
        if (kept->placement_id == "pl-old") RC_ASSERT(outcome.notes.empty());
      }
      return outcome;
    };
  };
  switch (draw(0, 27)) {
    case 0: {
      VacancyOpenedT opened;
      opened.vacancy_id = some_vacancy();
      opened.provider = some_provider();
      opened.offer = std::make_unique<OfferT>();
      opened.offer->programmes = {"25656"};
      opened.offer->hours_per_week = static_cast<std::uint16_t>(draw(0, 36));
      return act(std::move(opened), "home-b");
    }
    case 1: {
      RecognitionGrantedT granted;
      granted.recognition_id = "re-1";
      granted.provider = some_provider();
      granted.programme = "25656";
      return act(granted, "home-b");
    }
    case 2: {
      auto requested = about<HandoverRequestedT>(n);
      requested.reason_class = maybe(ReasonClass::threatened_dropout);
      requested.programme = "25656";
      requested.level = any<std::uint8_t>({3, 6});
      requested.placement_id = "pl-old";
      requested.present_provider = "hospital-a";
      requested.weeks = static_cast<std::uint16_t>(draw(0, 20));
      return act(std::move(requested));
    }
    case 3:
    case 4: {
      auto agreed = about<HandoverStudentAgreedT>(n);
      agreed.destination_may_be_told = *rc::gen::arbitrary<bool>();
      return act(agreed);
    }
    case 5:
    case 6:
    case 7: {
      auto chosen = about<HandoverCandidateChosenT>(n);
      return act(std::move(chosen));
    }
    case 8:
    case 9:
    case 10: {
      auto accepted = about<HandoverAcceptedT>(n);
      accepted.vacancy_id.clear();
      const std::string sender = accepted.provider;
      return act(std::move(accepted), sender);
    }
    case 11: {
      auto declined = about<HandoverDeclinedT>(n);
      declined.code = maybe(DeclineCode::no_seat);
      const std::string sender = declined.provider;
      return act(std::move(declined), sender);
    }
    case 12:
    case 13: {
      auto held = about<MeetingHeldT>(n);
      held.meeting_id = "me-1";
      return act(std::move(held));
    }
    case 14:
    case 15: {
      auto finalised = about<AgreementFinalisedT>(n);
      finalised.agreement_id = "ag-1";
      finalised.placement_id = "pl-new";
      return act(std::move(finalised));
    }
    case 16:
    case 17: {
      auto confirmed = about<ArrivalConfirmedT>(n);
      confirmed.placement_id = "pl-new";
      return act(std::move(confirmed));
    }
    case 18:
    case 19: {
      auto started = about<HandoverStartedT>(n);
      started.overlaps = *rc::gen::arbitrary<bool>();
      return act(std::move(started));
    }
    case 20: {
      auto done = about<HandoverCheckDoneT>(n);
      done.after_weeks = any<std::uint8_t>({2, 6});
      done.outcome = maybe(any({CheckOutcome::good, CheckOutcome::needs_attention, CheckOutcome::failed}));
      return act(std::move(done));
    }
    case 21: {
      auto withdrawn = about<HandoverProviderWithdrawnT>(n);
      withdrawn.code = ProviderWithdrawalCode::seat_lost;
      const std::string sender = withdrawn.provider;
      return act(std::move(withdrawn), sender);
    }
    case 22: {
      PlacementEndedT ended;
      ended.placement_id = any<const char*>({"pl-old", "pl-new"});
      ended.student = n == 1 ? student : "pseudo-0002";
      ended.school = "school-a";
      ended.outcome = any({PlacementOutcome::completed, PlacementOutcome::ended_by_provider});
      return act(std::move(ended));
    }
    case 23: {
      auto signal = risk<StudentAtRiskT>();
      signal.author_role = any({ActorRole::school_mentor, ActorRole::student});
      return act(signal, any<const char*>({"school-a", "hospital-a"}));
    }
    case 24: {
      auto assigned = risk<RiskOwnerAssignedT>();
      assigned.owner_role = maybe(ActorRole::school_mentor);
      assigned.next_action = RiskAction::talk_with_student;
      assigned.next_action_on = some_day();
      return act(assigned);
    }
    case 25: {
      if (draw(0, 2) != 0) break;
      auto stopped = about<HandoverStoppedT>(n);
      if (*rc::gen::arbitrary<bool>()) stopped.provider.clear();
      stopped.code = HandoverStopCode::agreed_by_all;
      return act(std::move(stopped));
    }
    default:
      break;
  }
  return waiting(draw(1, 12));
}

/// What somebody sensible would do next about a handover: without it few stories would get far.
Act apt_act(Region& region, int n) {
  const auto one = region.value(WarmHandover{}.cases, "ho-" + std::to_string(n));
  if (!one) return some_act();
  const auto act = [](auto payload, std::string sender = "school-a") -> Act {
    const auto kept = std::make_shared<decltype(payload)>(std::move(payload));
    return [kept, sender](Region& at) { return at.tell(*kept, sender); };
  };
  const auto with = [&](auto payload) {
    if constexpr (requires { payload.provider; }) payload.provider = one->provider;
    return payload;
  };
  if (one->stage == Stage::intake) return act(about<HandoverStudentAgreedT>(n));
  if (one->stage == Stage::searching && !one->shown.empty()) {
    auto chosen = about<HandoverCandidateChosenT>(n);
    chosen.vacancy_id = one->shown.front();
    return act(std::move(chosen));
  }
  if (one->stage == Stage::inviting) {
    auto accepted = about<HandoverAcceptedT>(n);
    accepted.provider = one->chosen_provider;
    accepted.vacancy_id = one->chosen_vacancy;
    return act(std::move(accepted), one->chosen_provider);
  }
  if (one->stage == Stage::accepted) {
    auto held = with(about<MeetingHeldT>(n));
    held.meeting_id = "me-1";
    return act(std::move(held));
  }
  if (one->stage == Stage::preparing && !one->agreement) {
    auto finalised = with(about<AgreementFinalisedT>(n));
    finalised.agreement_id = "ag-1";
    finalised.placement_id = "pl-new";
    return act(std::move(finalised));
  }
  if (one->stage == Stage::preparing) {
    auto confirmed = with(about<ArrivalConfirmedT>(n));
    confirmed.placement_id = "pl-new";
    return act(std::move(confirmed));
  }
  if (one->stage == Stage::ready) {
    auto started = with(about<HandoverStartedT>(n));
    started.overlaps = *rc::gen::arbitrary<bool>();
    return act(std::move(started));
  }
  if (one->stage == Stage::aftercare) {
    auto done = with(about<HandoverCheckDoneT>(n));
    done.after_weeks = one->first_good ? 6 : 2;
    const auto today = std::chrono::floor<days>(region.now());
    if (one->begin && today < *one->begin + days(7 * done.after_weeks)) return waiting(15);
    done.outcome = any({CheckOutcome::good, CheckOutcome::good, CheckOutcome::good, CheckOutcome::failed});
    return act(std::move(done));
  }
  return some_act();
}
Act next_act(Region& region) { return draw(0, 3) == 0 ? some_act() : apt_act(region, draw(0, 2) + 1); }

HandoverRequestedT first_request() {
  HandoverRequestedT requested;
  requested.handover_id = "ho-1";
  requested.student = student;
  requested.school = "school-a";
  requested.reason_class = ReasonClass::place_unavailable;
  requested.programme = "25656";
  requested.level = 3;
  requested.weeks = 5;
  return requested;
}

bool carries(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

/// What must hold at any time.
void everything_is_in_place(Region& region) {
  RC_ASSERT(region.faults.empty());
  for (const auto& [key, value] : region.state()) {
    RC_ASSERT(!carries(key, "pseudo-"));
    RC_ASSERT(!value.person.empty() || !carries(value.bytes, "pseudo-"));
  }
  for (const auto& [key, timer] : region.timers()) RC_ASSERT(!carries(key, "pseudo-"));
  for (const char* view : {"handovers", "board", "timeline", "load", "support", "dropout", "dropout-chart"})
    RC_ASSERT(!carries(region.show(view), "pseudo-"));
  RC_ASSERT(!carries(region.show("handover", R"({"id": "ho-1"})"), "pseudo-"));
}

}  // namespace

TEST_CASE("machine: any story is answered, and what is kept of a student is the student's") {
  std::uint32_t visited = 0;
  property("random stories", 300, [&visited] {
    Region region;
    for (int left = draw(20, 120); left > 0; --left) {
      const auto outcome = next_act(region)(region);
      RC_ASSERT(outcome.ok());
      for (const char* id : {"ho-1", "ho-2"}) {
        if (const auto one = region.value(WarmHandover{}.cases, id)) visited |= in(one->stage);
      }
    }
    everything_is_in_place(region);
    region.erase(student);
    region.erase("pseudo-0002");
    for (const auto& [key, value] : region.state()) RC_ASSERT(!carries(value.bytes, "pseudo-"));
    region.wait(70);
    RC_ASSERT(region.faults.empty());
  });
  for (const Stage stage :
       {Stage::intake, Stage::searching, Stage::unplaced, Stage::inviting, Stage::accepted, Stage::preparing,
        Stage::ready, Stage::overlap, Stage::aftercare, Stage::completed, Stage::stopped}) {
    INFO("no story got to " << name_of(stage).en);
    CHECK(is_in(stage, visited));
  }
}

TEST_CASE("machine: what is said twice is refused with its reason, or changes nothing") {
  property("repeated events", 250, [] {
    Region region;
    for (int left = draw(20, 70); left > 0; --left) {
      const Act act = next_act(region);
      if (!act(region).accepted()) continue;
      const auto before = region.state();
      const auto timers = region.timers();
      const auto again = act(region);
      if (again.verdict == iro::Verdict::Kind::reject) {
        RC_ASSERT(!again.why.nl.empty());
        RC_ASSERT(!again.why.en.empty());
        RC_ASSERT(region.state() == before);
      } else if (region.timers() == timers) {
        for (const auto& [key, value] : region.state()) {
          if (key.starts_with("cases/")) RC_ASSERT(before.contains(key) && before.at(key) == value);
        }
      }
    }
  });
}

TEST_CASE("machine: before the acceptance no provider is told who, and the present one never where") {
  property("what is said to whom", 250, [] {
    Region region;
    std::size_t looked_at = 0;
    for (int left = draw(30, 90); left > 0; --left) {
      next_act(region)(region);
      for (; looked_at < region.said.size(); ++looked_at) {
        const auto& one = region.said[looked_at];
        const bool to_the_invited =
            one.type.ends_with("handover.invited.v1") || one.type.ends_with("invitation-expired.v1");
        if (to_the_invited) {
          RC_ASSERT(!carries(one.payload, "pseudo-"));
          RC_ASSERT(!carries(one.payload, "threatened"));
        }
        iro::testing::Outcome alone;
        alone.emits.push_back(one);
        for (const auto& due : alone.emitted<HandoverCheckDueT>()) RC_ASSERT(due.provider != "");
        for (const auto& asked : alone.emitted<SupervisionRequestedT>()) RC_ASSERT(!asked.provider.empty());
      }
    }
  });
}

TEST_CASE("machine: a provider that never answers cannot block") {
  Region region;
  RecognitionGrantedT granted;
  VacancyOpenedT opened;
  for (int i = 0; i < 5; ++i) {
    const std::string provider = "home-" + std::to_string(i);
    granted.recognition_id = "re-" + std::to_string(i);
    granted.provider = opened.provider = provider;
    granted.programme = "25656";
    opened.vacancy_id = "va-" + std::to_string(i);
    opened.offer = std::make_unique<OfferT>();
    opened.offer->programmes = {"25656"};
    REQUIRE(region.tell(granted, provider).ok());
    REQUIRE(region.tell(opened, provider).ok());
  }
  REQUIRE(region.tell(first_request()).accepted());
  HandoverStudentAgreedT agreed;
  agreed.handover_id = "ho-1";
  agreed.student = student;
  agreed.school = "school-a";
  REQUIRE(region.tell(agreed).accepted());
  for (int i = 0; i < 5; ++i) {
    HandoverCandidateChosenT chosen;
    chosen.handover_id = "ho-1";
    chosen.student = student;
    chosen.school = "school-a";
    chosen.vacancy_id = "va-" + std::to_string(i);
    REQUIRE(region.tell(chosen).accepted());
    region.wait(7);
  }
  CHECK(region.show("handovers").find("unplaced") != std::string::npos);
  CHECK(region.refused_by_itself.empty());
  CHECK(region.faults.empty());
}

TEST_CASE("machine: a school lists its own handovers, the bureau all, and nobody else any") {
  Region region;
  const auto enrol = [&](const std::string& slug, const std::string& role) {
    MemberEnrolledT enrolled;
    enrolled.member = slug;
    enrolled.name = slug;
    enrolled.roles = {role};
    REQUIRE(region.tell(enrolled, "operator").ok());
  };
  enrol("school-a", "school");
  enrol("school-b", "school");
  enrol("bureau-a", "bureau");
  REQUIRE(region.tell(first_request()).accepted());
  for (const char* view : {"handovers", "board", "timeline", "handover"}) {
    const auto sees = [&](std::string_view who) {
      return carries(region.show(view, R"({"id": "ho-1"})", who), "ho-1");
    };
    INFO(view);
    CHECK(sees("school-a"));
    CHECK(sees("bureau-a"));
    CHECK(sees("operator"));
    CHECK_FALSE(sees("school-b"));
    CHECK_FALSE(sees("provider-x"));
  }
}

TEST_CASE("machine: the table has a way to every stage, and an end for every open one") {
  std::uint32_t reached = in(Stage::none);
  for (std::size_t round = 0; round < transitions().size(); ++round) {
    for (const Row& row : transitions()) {
      if ((reached & row.from) != 0 && row.to != Stage::none) reached |= in(row.to);
    }
  }
  for (std::size_t i = 0; i < stage_names.size(); ++i) CHECK((reached >> i & 1) == 1);
  for (unsigned i = static_cast<unsigned>(Stage::intake); i <= static_cast<unsigned>(Stage::aftercare); ++i) {
    for (const On on : {On::stayed, On::stopped, On::cancelled}) CHECK(row_of(static_cast<Stage>(i), on) != nullptr);
  }
  std::set<std::string_view> codes;
  for (const Refusal& one : refusals()) {
    CHECK(codes.insert(one.code).second);
    CHECK_FALSE(one.nl.empty());
    CHECK_FALSE(one.en.empty());
  }
}

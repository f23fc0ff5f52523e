// plugins/chain_placement/tests/region.hpp: a school, its providers and a chain on the SDK's bench.
//
// Says what people say, with as little as it takes. Students are "pseudo-000N",
// providers "provider-N", the chain "ch-1"; time begins on 4 May 2026.
#pragma once

#include <iro/events/agreement.hpp>
#include <iro/events/arrival.hpp>
#include <iro/events/handover.hpp>
#include <iro/events/hours.hpp>
#include <iro/events/hub.hpp>
#include <iro/events/placement.hpp>
#include <iro/events/supervision.hpp>
#include <iro/events/vacancy.hpp>
#include <iro/testing.hpp>
#include <memory>
#include <set>
#include <string>

#include "plugins/chain_placement/model.hpp"

namespace iro::chain::testing {

using namespace iro::events;

inline constexpr iro::State<Chain> kept_chains{"chains"};

inline std::string provider(std::size_t no) { return iro::words("provider-", no); }
inline std::string student(std::size_t no) { return iro::words("pseudo-000", no); }

struct Region : iro::testing::Bench {
  explicit Region(std::string_view settings = "{}", const iro_entry& entry = iro_plugin_entry)
      : Bench(entry, settings) {
    set_now(std::chrono::sys_days(std::chrono::year(2026) / 5 / 4) + std::chrono::hours(8));
  }

  static ChainProposedT proposal(std::uint16_t k, std::size_t stations, std::uint16_t catch_up = 0) {
    ChainProposedT out;
    out.chain_id = "ch-1";
    out.school = "school-a";
    for (std::size_t no = 1; no <= stations; ++no) {
      auto station = std::make_unique<ChainStationT>();
      station->provider = provider(no);
      station->branch = static_cast<Branch>(no - 1);
      station->vacancy_id = iro::words("va-", no);
      for (const std::size_t goal : {no, no + 1}) {
        station->goals.push_back(std::make_unique<GoalT>());
        station->goals.back()->code = iro::words("g", goal);
      }
      out.providers.push_back(provider(no));
      out.stations.push_back(std::move(station));
    }
    for (std::size_t goal = 1; goal <= stations; ++goal) {
      out.goals.push_back(std::make_unique<GoalT>());
      out.goals.back()->code = iro::words("g", goal);
    }
    out.programme = "34560";
    out.level = 6;
    out.learning_path = LearningPath::hbo_fulltime;
    out.group_size = k;
    out.starts_in_week = 202636;
    out.opening_weeks = 1;
    out.weeks_per_leg = 2;
    out.closing_weeks = 1;
    out.catch_up_legs = catch_up;
    return out;
  }
  auto confirm(std::size_t no) {
    ChainConfirmedT out;
    out.chain_id = "ch-1";
    out.school = "school-a";
    out.provider = provider(no);
    return say(out, {.sender = provider(no)});
  }
  auto join(std::size_t no) {
    ChainStudentJoinedT out;
    out.chain_id = "ch-1";
    out.school = "school-a";
    out.student = student(no);
    out.student_no = static_cast<std::uint16_t>(no);
    return say(out);
  }
  auto leave(std::size_t no) {
    ChainStudentLeftT out;
    out.chain_id = "ch-1";
    out.school = "school-a";
    out.student = student(no);
    return say(out);
  }
  /// All providers confirm, and all students join: the last outcome.
  auto fill(std::uint16_t k, std::size_t stations, std::uint16_t catch_up = 0) {
    say(proposal(k, stations, catch_up));
    for (std::size_t no = 1; no <= stations; ++no) confirm(no);
    for (std::size_t no = 1; no < k; ++no) join(no);
    return join(k);
  }
  [[nodiscard]] Chain chain() const { return value(kept_chains, "ch-1").value_or(Chain{}); }

  /// An event of a leg, with its student and its provider where it has them.
  template <typename Table>
  static Table of(const Chain& chain, const Leg& leg) {
    Table out;
    out.leg_id = leg.id;
    out.school = chain.school;
    if constexpr (requires { out.chain_id; }) out.chain_id = "ch-1";
    if constexpr (requires { out.student; }) out.student = student(leg.student);
    if constexpr (requires { out.provider; }) out.provider = chain.station_of(leg).provider;
    return out;
  }
  auto word_of_provider(const Leg& leg) {
    const Chain now = chain();
    return say(of<LegConfirmedT>(now, leg), {.sender = now.station_of(leg).provider});
  }
  void word_of_school(const Leg& leg) {
    for (const ActorRole by : {ActorRole::school_coordinator, ActorRole::student}) {
      auto out = of<LegConfirmedT>(chain(), leg);
      out.provider.clear();
      out.by = by;
      say(out);
    }
  }
  auto sign(const Leg& leg) {
    auto out = of<AgreementFinalisedT>(chain(), leg);
    out.agreement_id = "ag-" + leg.id;
    return say(out);
  }
  auto arrive(const Leg& leg) {
    auto out = of<ArrivalConfirmedT>(chain(), leg);
    out.placement_id = "pl-" + leg.id;
    return say(out, {.sender = out.provider});
  }
  auto start(const Leg& leg) {
    auto out = of<LegStartedT>(chain(), leg);
    out.begin_on = iro::to_field(monday_of(chain().period_of(leg).weeks.front()));
    return say(out);
  }
  auto hours(const Leg& leg, std::uint32_t minutes, bool last) {
    auto out = of<HoursApprovedT>(chain(), leg);
    out.hours_id = "h-" + leg.id;
    out.minutes = minutes;
    out.last = last;
    return say(out, {.sender = out.provider});
  }
  auto assess(const Leg& leg) { return say(of<LegAssessedT>(chain(), leg)); }
  auto hand_on(const Leg& leg) {
    const Chain now = chain();
    auto out = of<LegHandedOnT>(now, leg);
    out.told = {ActorRole::student, ActorRole::practice_trainer};
    const Leg* next = nullptr;
    for (const Leg& other : now.legs) {
      if (other.student != leg.student || other.period <= leg.period || !other.ahead()) continue;
      if (next == nullptr || other.period < next->period) next = &other;
    }
    if (next != nullptr) out.next_provider = now.station_of(*next).provider;
    return say(out);
  }
  auto fails(const Leg& leg, LegFailCode code) {
    auto out = of<LegFailedT>(chain(), leg);
    if (!leg.provider_said) out.provider.clear();
    out.code = code;
    return say(out);
  }
  auto declines(const Leg& leg) {
    auto out = of<LegDeclinedT>(chain(), leg);
    out.code = LegDeclineCode::supervision_short;
    return say(out, {.sender = out.provider});
  }
  /// Another placement beside the chain: so many hours a week, on its working days.
  auto adopt(std::size_t no, std::size_t of_student, Week from, Week until, std::uint32_t hours_per_week) {
    PlacementAdoptedT out;
    out.placement_id = iro::words("other-", no);
    out.student = student(of_student);
    out.school = "school-a";
    out.begin_on = iro::to_field(monday_of(from));
    out.planned_end_on = iro::to_field(monday_of(until) + std::chrono::days(6));
    out.hours = hours_per_week * static_cast<std::uint32_t>(until - from + 1);
    return say(out);
  }
  auto stop_handover(const std::string& id, const std::string& of_student) {
    HandoverStoppedT out;
    out.handover_id = id;
    out.student = of_student;
    out.school = "school-a";
    return say(out);
  }
  auto withdraw(std::size_t station) {
    VacancyWithdrawnT out;
    out.vacancy_id = iro::words("va-", station);
    out.provider = provider(station);
    say(out, {.sender = out.provider});
    return advance(std::chrono::milliseconds(0));
  }
};

}  // namespace iro::chain::testing

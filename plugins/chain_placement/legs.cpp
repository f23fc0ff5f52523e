// The handlers of leg.*: the words of provider, school and student; start, pause and end; the warm step to the next
// leg.
#include <algorithm>

#include "plugins/chain_placement/work.hpp"

namespace iro::chain {
namespace {

/// The leg that an event is about, or the rule that it breaks.
struct Found {
  std::optional<iro::Verdict> refused;
  std::optional<Work> work;
  Leg* leg = nullptr;
};
template <typename Table>
Found find(const ChainPlacement& rule, const Table& said, const iro::Event& event, iro::Effects& fx) {
  Found out;
  auto chain = rule.find_chain(fx, iro::str(said.chain_id()));
  if (!chain) {
    out.refused = refuse(Rule::chain_unknown);
    return out;
  }
  const bool same_school = chain->school == iro::str(said.school());
  out.work.emplace(rule, fx, iro::str(said.chain_id()), std::move(*chain));
  out.leg = out.work->chain.find(event.subject());
  if (!same_school) {
    out.refused = refuse(Rule::other_school);
  } else if (out.leg == nullptr) {
    out.refused = refuse(Rule::leg_unknown);
  }
  return out;
}

/// A leg that runs: its student and its provider, said by one of its two parties or by the bureau.
template <typename Table>
Found find_of_student(const ChainPlacement& rule, const Table& said, const iro::Event& event, iro::Effects& fx) {
  Found out = find(rule, said, event, fx);
  if (out.refused) return out;
  const auto& who = out.work->participant(out.leg->student);
  const std::string& station = out.work->chain.station_of(*out.leg).provider;
  if (!who || who->student != event.person()) {
    out.refused = refuse(Rule::student_not_in_chain);
  } else if (!iro::str(said.provider()).empty() && iro::str(said.provider()) != station) {
    out.refused = refuse(Rule::other_provider);
  } else if (!iro::str(said.provider()).empty() && !out.leg->provider_said) {
    out.refused = refuse(Rule::provider_not_confirmed);  // it would hear of a student
  } else if (event.sender() != station && !rule.speaks_for(fx, event, out.work->chain.school)) {
    out.refused = refuse(Rule::not_their_word);
  }
  return out;
}

/// May it still be answered? A reason why not.
std::optional<iro::Verdict> not_open(const Leg& leg) {
  if (leg.ended() || leg.state == LegState::handed_on) return refuse(Rule::leg_ended);
  if (!leg.offered) return refuse(Rule::chain_not_full);
  return std::nullopt;
}

template <typename List>
void reach(Work& work, const Leg& leg, const List* goals) {
  auto who = work.participant(leg.student);
  if (!who || goals == nullptr) return;
  for (flatbuffers::uoffset_t i = 0; i < goals->size(); ++i) {
    const std::string code(iro::str(goals->Get(i)->code()));
    const bool ours = std::find(work.chain.goals.begin(), work.chain.goals.end(), code) != work.chain.goals.end();
    if (ours && std::find(who->reached.begin(), who->reached.end(), code) == who->reached.end())
      who->reached.push_back(code);
  }
  work.put(leg.student, *who);
}

/// The student's next leg that has not ended, by period.
const Leg* next_of(const Chain& chain, const Leg& leg) {
  const Leg* next = nullptr;
  for (const Leg& other : chain.legs) {
    if (other.student != leg.student || other.period <= leg.period || !other.ahead()) continue;
    if (next == nullptr || other.period < next->period) next = &other;
  }
  return next;
}

void lose_seat(Chain& chain, const Leg& leg) { chain.lost_seats.push_back({leg.period, leg.station, 1}); }

events::ReplanCode code_of(events::LegFailCode code) {
  using events::LegFailCode;
  using events::ReplanCode;
  switch (code) {
    case LegFailCode::seat_withdrawn:
      return ReplanCode::seat_withdrawn;
    case LegFailCode::recognition_lost:
      return ReplanCode::recognition_lost;
    case LegFailCode::provider_withdrew:
      return ReplanCode::provider_withdrew;
    case LegFailCode::student_unavailable:
    case LegFailCode::interrupted_too_long:
      return ReplanCode::student_unavailable;
    default:
      return ReplanCode::declined;
  }
}

}  // namespace

iro::Verdict ChainPlacement::leg_confirmed(const events::LegConfirmed& said, const iro::Event& event,
                                           iro::Effects& fx) const {
  auto [refused, work, leg] = find(*this, said, event, fx);
  if (refused) return *refused;
  if (auto no = not_open(*leg)) return *no;
  const std::string_view provider = iro::str(said.provider());
  if (!provider.empty() && provider != work->chain.station_of(*leg).provider) return refuse(Rule::other_provider);
  if (!speaks_for(fx, event, provider.empty() ? std::string_view(work->chain.school) : provider)) {
    return refuse(Rule::not_their_word);
  }
  const bool by_student = said.by() == events::ActorRole::student || said.by() == events::ActorRole::guardian;
  (!provider.empty() ? leg->provider_said : by_student ? leg->student_said : leg->school_said) = true;
  work->advance(*leg);
  work->save();
  return iro::accept();
}

iro::Verdict ChainPlacement::leg_declined(const events::LegDeclined& said, const iro::Event& event,
                                          iro::Effects& fx) const {
  auto [refused, work, leg] = find(*this, said, event, fx);
  if (refused) return *refused;
  if (!said.code()) return refuse(Rule::code_missing);
  if (auto no = not_open(*leg)) return *no;
  const std::string_view provider = iro::str(said.provider());
  if (!provider.empty() && provider != work->chain.station_of(*leg).provider) return refuse(Rule::other_provider);
  if (!speaks_for(fx, event, provider.empty() ? std::string_view(work->chain.school) : provider)) {
    return refuse(Rule::not_their_word);
  }
  if (leg->under_way()) return refuse(Rule::leg_running);
  if (leg->state != LegState::planned) return refuse(Rule::leg_not_offered);
  if (provider.empty()) {
    work->chain.blocks.push_back({leg->student, leg->period, leg->station});
  } else {
    lose_seat(work->chain, *leg);
  }
  work->fail(*leg, events::LegFailCode::declined, Cause::declined, false);
  work->replan(events::ReplanCode::declined);
  work->save();
  return iro::accept();
}

iro::Verdict ChainPlacement::leg_started(const events::LegStarted& said, const iro::Event& event,
                                         iro::Effects& fx) const {
  auto [refused, work, leg] = find_of_student(*this, said, event, fx);
  if (refused) return *refused;
  if (leg->ended() || leg->state == LegState::handed_on) return refuse(Rule::leg_ended);
  if (leg->under_way()) return iro::accept();  // said again
  if (leg->state != LegState::ready) return refuse(Rule::leg_not_ready);
  for (const Leg& other : work->chain.legs) {
    if (other.student == leg->student && other.under_way()) return refuse(Rule::previous_not_handed_on);
  }
  const Span& period = work->chain.period_of(*leg);
  const Week week = week_of(said.begin_on() == 0 ? event.today() : iro::date_of(said.begin_on()));
  if (week < period.weeks.front() || week > period.weeks.back()) return refuse(Rule::outside_period);
  work->step(*leg, Cause::started);
  leg->ran = true;
  leg->placement = iro::str(said.placement_id());
  work->step(Cause::leg_started);
  work->save();
  return iro::accept();
}

iro::Verdict ChainPlacement::leg_interrupted(const events::LegInterrupted& said, const iro::Event& event,
                                             iro::Effects& fx) const {
  auto [refused, work, leg] = find_of_student(*this, said, event, fx);
  if (refused) return *refused;
  if (leg->ended()) return refuse(Rule::leg_ended);
  if (leg->state == LegState::interrupted) return iro::accept();  // said again: the day that was agreed stays
  if (!work->step(*leg, Cause::interrupted)) return refuse(Rule::leg_not_running);
  const auto from = said.interrupted_on() == 0 ? event.today() : iro::date_of(said.interrupted_on());
  const auto until =
      said.resume_by() == 0 ? from + std::chrono::days(config.interrupted_days) : iro::date_of(said.resume_by());
  resume_by.set(fx, event.subject(), until + std::chrono::days(1));
  work->save();
  return iro::accept();
}

iro::Verdict ChainPlacement::leg_resumed(const events::LegResumed& said, const iro::Event& event,
                                         iro::Effects& fx) const {
  auto [refused, work, leg] = find_of_student(*this, said, event, fx);
  if (refused) return *refused;
  if (leg->ended()) return refuse(Rule::leg_ended);
  if (!work->step(*leg, Cause::resumed)) return refuse(Rule::leg_not_interrupted);
  resume_by.cancel(fx, event.subject());
  work->save();
  return iro::accept();
}

iro::Verdict ChainPlacement::leg_failed(const events::LegFailed& said, const iro::Event& event,
                                        iro::Effects& fx) const {
  if (event.source().ends_with(":systeem:plugin-chain-placement"))
    return iro::accept();  // what this rule has said itself
  auto [refused, work, leg] = find_of_student(*this, said, event, fx);
  if (refused) return *refused;
  if (!said.code()) return refuse(Rule::code_missing);
  if (auto no = not_open(*leg)) return *no;
  const events::LegFailCode code = *said.code();
  if (code == events::LegFailCode::student_unavailable || code == events::LegFailCode::interrupted_too_long) {
    work->chain.blocks.push_back({leg->student, leg->period, any});
  } else {
    lose_seat(work->chain, *leg);
  }
  work->fail(*leg, code, Cause::said_failed, false);
  work->replan(code_of(code));
  work->save();
  return iro::accept();
}

iro::Verdict ChainPlacement::leg_assessed(const events::LegAssessed& said, const iro::Event& event,
                                          iro::Effects& fx) const {
  auto [refused, work, leg] = find_of_student(*this, said, event, fx);
  if (refused) return *refused;
  if (!speaks_for(fx, event, work->chain.school)) return refuse(Rule::not_their_word);  // the school decides
  if (leg->ended() || leg->state == LegState::handed_on) return refuse(Rule::leg_ended);
  if (leg->state != LegState::running) return refuse(Rule::leg_not_running);
  leg->assessed = true;
  reach(*work, *leg, said.goals_reached());
  work->save();
  return iro::accept();
}

iro::Verdict ChainPlacement::leg_handed_on(const events::LegHandedOn& said, const iro::Event& event,
                                           iro::Effects& fx) const {
  auto [refused, work, leg] = find_of_student(*this, said, event, fx);
  if (refused) return *refused;
  if (leg->ended()) return refuse(Rule::leg_ended);
  if (leg->state == LegState::handed_on) return iro::accept();  // said again
  if (leg->state != LegState::running) return refuse(Rule::leg_not_running);
  if (!leg->assessed) return refuse(Rule::not_assessed);
  const Leg* next = next_of(work->chain, *leg);
  const std::string_view next_provider = iro::str(said.next_provider());
  if (next_provider !=
      (next == nullptr ? std::string_view() : std::string_view(work->chain.station_of(*next).provider))) {
    return refuse(Rule::wrong_next_provider);
  }
  if (next != nullptr && !next->provider_said) return refuse(Rule::provider_not_confirmed);
  bool student = false;
  bool there = next == nullptr;
  for (flatbuffers::uoffset_t i = 0; said.told() != nullptr && i < said.told()->size(); ++i) {
    const auto role = said.told()->Get(i);
    student = student || role == events::ActorRole::student;
    there = there || role == events::ActorRole::practice_trainer || role == events::ActorRole::ward_supervisor;
  }
  if (!student || !there) return refuse(Rule::nobody_told);
  reach(*work, *leg, said.goals_reached());
  work->step(*leg, Cause::handed_on);
  const std::uint8_t no = leg->student;
  work->advance(*leg);
  work->divide_goals(no);
  const std::size_t reached = work->participant(no) ? work->participant(no)->reached.size() : 0;
  work->tell({.nl = iro::words("Van de ", work->chain.goals.size(), " leerdoelen zijn er ", reached, " behaald."),
              .en = iro::words("Of the ", work->chain.goals.size(), " goals ", reached, " are reached.")});
  work->end_if_over();
  work->save();
  return iro::accept();
}

void ChainPlacement::not_answered(const iro::Timer& timer, iro::Effects& fx) const {
  const std::string id = id_of(timer.key());
  const auto chain_id = chain_of_leg(fx, id);
  auto chain = chain_id ? chains.get(fx, *chain_id) : std::nullopt;
  if (!chain) return;
  Work work(*this, fx, *chain_id, std::move(*chain));
  Leg* leg = work.chain.find(id);
  if (leg == nullptr || leg->state != LegState::planned) return;
  if (leg->provider_said) {
    work.chain.blocks.push_back({leg->student, leg->period, leg->station});
  } else {
    lose_seat(work.chain, *leg);
  }
  work.fail(*leg, events::LegFailCode::not_answered, Cause::not_answered, true);
  work.replan(events::ReplanCode::declined);
  work.save();
}

void ChainPlacement::not_resumed(const iro::Timer& timer, iro::Effects& fx) const {
  const std::string id = id_of(timer.key());
  const auto chain_id = chain_of_leg(fx, id);
  auto chain = chain_id ? chains.get(fx, *chain_id) : std::nullopt;
  if (!chain) return;
  Work work(*this, fx, *chain_id, std::move(*chain));
  Leg* leg = work.chain.find(id);
  if (leg == nullptr || leg->state != LegState::interrupted) return;
  work.chain.blocks.push_back({leg->student, leg->period, any});
  work.fail(*leg, events::LegFailCode::interrupted_too_long, Cause::resumed_too_late, true);
  work.replan(events::ReplanCode::student_unavailable);
  work.save();
}

}  // namespace iro::chain

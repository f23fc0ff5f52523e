// From the acceptance to the last check: the meeting, the agreement, the arrival, the start, the aftercare.
#include <algorithm>

#include "rule.hpp"

namespace iro::handover {
namespace {

/// The provider that a meeting names is the one that accepted; the present one takes part if the student agreed.
template <typename Table>
std::optional<Rule> wrong_company(const Case& one, const Table& meeting) {
  if (one.provider.empty()) return Rule::provider_before_acceptance;
  if (one.provider != iro::str(meeting.provider())) return Rule::other_provider;
  if constexpr (requires { meeting.present_provider(); }) {
    const std::string_view present = iro::str(meeting.present_provider());
    if (!present.empty() && !(one.destination_may_be_told && present == one.present_provider))
      return Rule::destination_not_agreed;
  }
  return std::nullopt;
}

}  // namespace

template <typename Table>
std::optional<Rule> WarmHandover::wrong_meeting(const iro::Look& look, const std::optional<Case>& one,
                                                const Table& meeting, const iro::Event& event) const {
  if (!usable(event.subject(), event.person())) return Rule::id_not_usable;
  const auto rule = wrong(one, meeting, event, Speaker::either);
  const bool pool = rule == Rule::not_the_speaker && members.has_role(look, event.sender(), "pool");
  if (rule && !pool) return rule;
  if (one->ended()) return Rule::handover_ended;
  return wrong_company(*one, meeting);
}

iro::Verdict WarmHandover::meeting_planned(const MeetingPlanned& planned, const iro::Event& event,
                                           iro::Effects& effects) const {
  if (iro::str(planned.handover_id()).empty()) return iro::accept();  // of a leg, or of no handover at all
  const auto one = find(effects, iro::str(planned.handover_id()));
  if (const auto rule = wrong_meeting(effects, one, planned, event)) return refuse(*rule);
  Meeting meeting = meetings.get_or(effects, event.subject(), {});
  if (!meeting.handover.empty()) ++meeting.sequence;
  meeting.handover = one->id;
  meeting.begins = iro::time_of(std::clamp<std::int64_t>(planned.begins_at(), 0, 7'258'118'400'000));  // until 2200
  meeting.minutes = planned.minutes();
  meeting.place = iro::str(planned.place_id()).substr(0, 200);
  meeting.waived = false;
  meetings.put(effects, event.subject(), meeting, one->student);
  return iro::accept();
}

iro::Verdict WarmHandover::meeting_held(const MeetingHeld& held, const iro::Event& event, iro::Effects& effects) const {
  if (iro::str(held.handover_id()).empty()) return iro::accept();
  auto one = find(effects, iro::str(held.handover_id()));
  if (const auto rule = wrong_meeting(effects, one, held, event)) return refuse(*rule);
  if (held.goals() != nullptr && held.goals()->size() > 0) {
    one->need.goals = goals_in(held.goals());
    effects.explain({.nl = words("Samen zijn ", one->need.goals.size(), " leerdoelen afgesproken."),
                     .en = words("Together they agreed on ", one->need.goals.size(), " goals.")});
  }
  walk(effects, *one, On::meeting_held);  // a later one has no row: it is held all the same
  ready_if_prepared(effects, *one);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::meeting_waived(const MeetingWaived& waived, const iro::Event& event,
                                          iro::Effects& effects) const {
  if (iro::str(waived.handover_id()).empty()) return iro::accept();
  auto one = find(effects, iro::str(waived.handover_id()));
  if (const auto rule = wrong_meeting(effects, one, waived, event)) return refuse(*rule);
  if (!waived.code()) return refuse(Rule::code_missing);
  if (!walk(effects, *one, On::meeting_waived)) return refuse(Rule::wrong_stage);
  if (auto meeting = meetings.get(effects, event.subject())) {
    meeting->waived = true;
    ++meeting->sequence;
    meetings.put(effects, event.subject(), *meeting, one->student);
  }
  ready_if_prepared(effects, *one);
  save(effects, *one);
  return iro::accept();
}

void WarmHandover::ready_if_prepared(iro::Effects& effects, Case& one) const {
  if (one.agreement && one.arrival) walk(effects, one, On::prepared);
}

void WarmHandover::agreement_finalised(const AgreementFinalised& finalised, const iro::Event& event,
                                       iro::Effects& effects) const {
  auto one = find(effects, iro::str(finalised.handover_id()));
  if (!one || one->student != event.person() || one->provider.empty() ||
      one->provider != iro::str(finalised.provider())) {
    return;
  }
  if (one->agreement || !walk(effects, *one, On::agreement_final)) return;
  one->agreement = true;
  if (const auto begin = day_of(finalised.begin_on())) one->begin = begin;
  if (!iro::str(finalised.placement_id()).empty()) one->new_placement = iro::str(finalised.placement_id());
  ready_if_prepared(effects, *one);
  save(effects, *one);
}

void WarmHandover::arrival_confirmed(const ArrivalConfirmed& confirmed, const iro::Event& event,
                                     iro::Effects& effects) const {
  auto one = find(effects, iro::str(confirmed.handover_id()));
  if (!one || one->student != event.person() || one->provider.empty() ||
      one->provider != iro::str(confirmed.provider())) {
    return;
  }
  if (one->arrival || !walk(effects, *one, On::arrival_confirmed)) return;
  one->arrival = true;
  if (one->new_placement.empty()) one->new_placement = event.subject();
  ready_if_prepared(effects, *one);
  save(effects, *one);
}

iro::Verdict WarmHandover::started(const HandoverStarted& started, const iro::Event& event,
                                   iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, started, event, Speaker::either)) return refuse(*rule);
  if (one->provider.empty() || is_in(one->stage, in(Stage::accepted, Stage::preparing))) return refuse(Rule::not_ready);
  if (one->provider != iro::str(started.provider())) return refuse(Rule::other_provider);
  if (one->stage != Stage::ready) return refuse(Rule::wrong_stage);
  const sys_days begin = day_of(started.begin_on()).value_or(one->begin.value_or(event.today()));
  if (!iro::str(started.placement_id()).empty()) one->new_placement = iro::str(started.placement_id());
  if (const auto place = places.get(effects, one->vacancy)) {
    if (!recognised(effects, one->need, *place, begin)) return refuse(Rule::recognition_missing);
    const auto others = other_loads(effects, *one, started.overlaps());
    if (const auto rule = hours_obstacle(*one, *place, begin, others)) return refuse(*rule);
  }
  one->begin = begin;
  walk(effects, *one, started.overlaps() && one->old_open ? On::started_overlapping : On::started);
  first_check.set(effects, one->id, begin + days(7 * config.first_check_weeks), one->student);
  last_check.set(effects, one->id, begin + days(7 * config.last_check_weeks), one->student);
  save(effects, *one);
  return iro::accept();
}

void WarmHandover::old_one_ended(const iro::Timer& timer, iro::Effects& effects) const {
  auto one = find(effects, plain(timer.key()));
  if (!one || one->old_open || !walk(effects, *one, On::old_placement_ended)) return;
  say_completed_if_done(effects, *one);
  save(effects, *one);
}

void WarmHandover::check_rings(iro::Effects& effects, std::string_view key, std::uint8_t weeks) const {
  const auto one = find(effects, plain(key));
  if (!one || !is_in(one->stage, running)) return;
  auto said = about<HandoverCheckDueT>(*one, effects);
  said.provider = one->provider;
  said.after_weeks = weeks;
  said.due_on = to_field(effects.today());
  effects.emit(said);
}
void WarmHandover::time_for_first_check(const iro::Timer& timer, iro::Effects& effects) const {
  check_rings(effects, timer.key(), config.first_check_weeks);
}
void WarmHandover::time_for_last_check(const iro::Timer& timer, iro::Effects& effects) const {
  check_rings(effects, timer.key(), config.last_check_weeks);
}

iro::Verdict WarmHandover::check_due(const HandoverCheckDue& due, const iro::Event& event,
                                     iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, due, event, Speaker::school)) return refuse(*rule);
  if (!walk(effects, *one, On::check_due)) return refuse(Rule::wrong_stage);
  one->reminders = 0;
  stalled.set(effects, one->id, event.today() + days(config.action_days), one->student);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::check_done(const HandoverCheckDone& done, const iro::Event& event,
                                      iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, done, event, Speaker::either)) return refuse(*rule);
  if (!is_in(one->stage, running)) return refuse(Rule::wrong_stage);
  if (one->provider != iro::str(done.provider())) return refuse(Rule::other_provider);
  const bool last = done.after_weeks() == config.last_check_weeks;
  if (!last && done.after_weeks() != config.first_check_weeks) return refuse(Rule::no_such_check);
  if (!done.outcome()) return refuse(Rule::code_missing);
  const CheckOutcome outcome = *done.outcome();
  // That it does not work may be said at any time; that it works only when there was time to see it.
  if (outcome != CheckOutcome::failed && one->begin && event.today() < *one->begin + days(7 * done.after_weeks()))
    return refuse(Rule::check_too_early);
  if (outcome != CheckOutcome::failed && (last ? one->last_good : one->first_good)) return refuse(Rule::check_known);
  stalled.cancel(effects, one->id);
  const iro::Alarm& again = last ? last_check : first_check;
  if (outcome == CheckOutcome::failed) {
    search_again(effects, *one, On::check_failed);
  } else if (outcome == CheckOutcome::needs_attention) {
    walk(effects, *one, On::check_attention);
    again.set(effects, one->id, event.today() + days(config.recheck_days), one->student);
  } else {
    (last ? one->last_good : one->first_good) = true;
    walk(effects, *one, last ? On::last_check_good : On::check_good);
    again.cancel(effects, one->id);
    say_completed_if_done(effects, *one);
  }
  save(effects, *one);
  return iro::accept();
}

/// It did not work where the student is now: that place is the present one, and what is left is sought elsewhere.
void WarmHandover::search_again(iro::Effects& effects, Case& one, On why) const {
  if (one.begin && effects.today() > *one.begin) {
    const auto gone = static_cast<std::uint16_t>((effects.today() - *one.begin).count() / 7);
    one.need.weeks = static_cast<std::uint16_t>(one.need.weeks > gone ? one.need.weeks - gone : 1);
  }
  one.need.begin.reset();
  one.respond_by.reset();
  one.asked.clear();
  one.asked.push_back({one.vacancy, one.provider, false});
  one.present_provider = one.provider;
  one.placement = one.new_placement;
  one.old_open = true;
  one.destination_may_be_told = false;  // that was said of another provider
  if (one.attempt < 255) ++one.attempt;
  walk(effects, one, why);
  let_go(effects, one, SupervisionEndCode::moved);
  search(effects, one);
}

void WarmHandover::say_completed_if_done(iro::Effects& effects, const Case& one) const {
  if (one.stage != Stage::aftercare || !one.last_good) return;
  auto said = about<HandoverCompletedT>(one, effects);
  said.provider = one.provider;
  said.placement_id = one.new_placement;
  effects.emit(said);
}

iro::Verdict WarmHandover::completed(const HandoverCompleted& completed, const iro::Event& event,
                                     iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, completed, event, Speaker::school)) return refuse(*rule);
  if (one->provider != iro::str(completed.provider())) return refuse(Rule::other_provider);
  if (one->stage != Stage::aftercare || !one->last_good) return refuse(Rule::checks_open);
  walk(effects, *one, On::completed);
  finish(effects, *one);
  return iro::accept();
}

}  // namespace iro::handover

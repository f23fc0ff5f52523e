// A student at risk: a person's signal gets an owner, a next action and a date, and goes up when nothing happens. All
// of it stays within the student's school; why the signal was given is nowhere in it.
#include "rule.hpp"
#include "support.hpp"

namespace iro::handover {
namespace {

template <typename Table>
std::optional<Rule> wrong_signal(const std::optional<Signal>& one, const Table& table, const iro::Event& event) {
  if (!one) return Rule::unknown_signal;
  if (event.person() != one->student) return Rule::other_student;
  if (iro::str(table.school()) != one->school) return Rule::other_school;
  if (!may_speak(event.sender(), Speaker::school, one->school, {})) return Rule::not_the_speaker;
  if (one->stage == Stage::signal_closed) return Rule::signal_ended;
  return std::nullopt;
}

/// Walk a row of the signal's machine. False: there is none from here.
bool step(iro::Effects& effects, Signal& one, On on) {
  const Row* row = row_of(one.stage, on);
  if (row == nullptr) return false;
  one.stage = row->to;
  effects.explain({.nl = std::string(row->nl), .en = std::string(row->en)});
  return true;
}

}  // namespace

iro::Verdict WarmHandover::at_risk(const StudentAtRisk& signal, const iro::Event& event, iro::Effects& effects) const {
  if (!usable(event.subject(), event.person())) return refuse(Rule::id_not_usable);
  const std::string_view school = iro::str(signal.school());
  const auto author = signal.author_role();
  if (!author && event.sender() != school) return refuse(Rule::author_missing);
  if (author == ActorRole::rule) return refuse(Rule::signal_by_rule);
  const bool own = author == ActorRole::student || author == ActorRole::guardian;
  if (own && event.sender() != school) return refuse(Rule::student_signal_elsewhere);
  const bool of_another_school = event.sender() != school && members.has_role(effects, event.sender(), "school");
  if (of_another_school) return refuse(Rule::other_school);
  if (signals.has(effects, event.subject())) return refuse(Rule::signal_known);
  Signal one;
  one.student = event.person();
  one.school = school;
  one.next_on = day_of(signal.next_action_on());
  step(effects, one, On::at_risk);
  for (const Support& support : supports) {
    effects.explain({.nl = words("Zegt de student \"", support.says_nl, "\": ", support.nl, "."),
                     .en = words("If the student says \"", support.says_en, "\": ", support.en, ".")});
  }
  signal_waits.set(effects, event.subject(), event.today() + days(1 + config.owner_days));
  signals.put(effects, event.subject(), one);
  return iro::accept();
}

iro::Verdict WarmHandover::owner_assigned(const RiskOwnerAssigned& assigned, const iro::Event& event,
                                          iro::Effects& effects) const {
  auto one = usable(event.subject(), {}) ? signals.get(effects, event.subject()) : std::nullopt;
  if (const auto rule = wrong_signal(one, assigned, event)) return refuse(*rule);
  const auto next = day_of(assigned.next_action_on());
  if (!assigned.owner_role() || !assigned.next_action() || !next) return refuse(Rule::follow_up_missing);
  if (*next < event.today()) return refuse(Rule::date_is_past);
  one->owner = assigned.owner_role();
  one->next_on = next;
  step(effects, *one, On::owner_assigned);
  signal_waits.set(effects, event.subject(), end_of(*next));
  signals.put(effects, event.subject(), *one);
  return iro::accept();
}

iro::Verdict WarmHandover::followed_up(const RiskFollowedUp& followed, const iro::Event& event,
                                       iro::Effects& effects) const {
  auto one = usable(event.subject(), {}) ? signals.get(effects, event.subject()) : std::nullopt;
  if (const auto rule = wrong_signal(one, followed, event)) return refuse(*rule);
  const auto next = day_of(followed.next_action_on());
  if (!followed.next_action() || !next) return refuse(Rule::follow_up_missing);
  if (*next < event.today()) return refuse(Rule::date_is_past);
  if (!one->owner) one->owner = followed.author_role();
  one->next_on = next;
  step(effects, *one, On::followed_up);
  signal_waits.set(effects, event.subject(), end_of(*next));
  signals.put(effects, event.subject(), *one);
  return iro::accept();
}

iro::Verdict WarmHandover::escalated(const RiskEscalated& escalated, const iro::Event& event,
                                     iro::Effects& effects) const {
  auto one = usable(event.subject(), {}) ? signals.get(effects, event.subject()) : std::nullopt;
  if (const auto rule = wrong_signal(one, escalated, event)) return refuse(*rule);
  if (!escalated.code()) return refuse(Rule::code_missing);
  const EscalationCode code = *escalated.code();
  const On on = code == EscalationCode::no_owner      ? On::escalated_no_owner
                : code == EscalationCode::date_passed ? On::escalated_date
                                                      : On::escalated_asked;
  if (!step(effects, *one, on)) return refuse(Rule::wrong_stage);
  if (escalated.to_role()) one->owner = escalated.to_role();
  one->next_on = day_of(escalated.next_action_on()).value_or(event.today() + days(config.escalate_days));
  if (one->escalations < 255) ++one->escalations;
  signal_waits.set(effects, event.subject(), end_of(std::max(*one->next_on, event.today())));
  signals.put(effects, event.subject(), *one);
  return iro::accept();
}

iro::Verdict WarmHandover::closed(const RiskClosed& closed, const iro::Event& event, iro::Effects& effects) const {
  auto one = usable(event.subject(), {}) ? signals.get(effects, event.subject()) : std::nullopt;
  if (const auto rule = wrong_signal(one, closed, event)) return refuse(*rule);
  if (!closed.outcome()) return refuse(Rule::code_missing);
  step(effects, *one, On::closed);
  signal_waits.cancel(effects, event.subject());
  forget_signal.set(effects, event.subject(), event.today() + days(config.keep_days));
  signals.put(effects, event.subject(), *one);
  return iro::accept();
}

/// Nobody took it up, or its date has passed: whoever coordinates placements at the school hears of it, again and
/// again.
void WarmHandover::signal_unheeded(const iro::Timer& timer, iro::Effects& effects) const {
  const std::string id = plain(timer.key());
  const auto one = signals.get(effects, id);
  if (!one || one->stage == Stage::signal_closed || one->escalations >= config.most_escalations) return;
  RiskEscalatedT said;
  said.risk_id = id;
  said.student = one->student;
  said.school = one->school;
  said.code = one->stage == Stage::signal_open ? EscalationCode::no_owner : EscalationCode::date_passed;
  said.to_role = ActorRole::school_coordinator;
  said.next_action_on = to_field(timer.today() + days(config.escalate_days));
  said.effective_on = to_field(timer.today());
  effects.emit(said);
}

void WarmHandover::forget_one_signal(const iro::Timer& timer, iro::Effects& effects) const {
  signals.remove(effects, plain(timer.key()));
}

}  // namespace iro::handover

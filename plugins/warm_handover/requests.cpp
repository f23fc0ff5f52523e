// From the school's question to the search, and the ways in which a handover ends without a new place.
#include <algorithm>

#include "rule.hpp"

namespace iro::handover {
namespace {

Need need_of(const HandoverRequested& requested) {
  Need out;
  out.programme = iro::str(requested.programme());
  out.level = requested.level();
  out.year = requested.year();
  out.path = requested.learning_path();
  out.goals = goals_in(requested.goals_open());
  out.weeks = std::min<std::uint16_t>(requested.weeks(), 104);
  out.hours_left = requested.hours_left();
  out.area = iro::str(requested.area());
  out.begin = day_of(requested.begin_on());
  out.shifts = shifts_in(requested.shifts());
  return out;
}

/// Before the acceptance an event about the student must name no provider, and afterwards it must name that one.
std::optional<Rule> misaddressed(const Case& one, std::string_view provider) {
  if (one.provider.empty()) return provider.empty() ? std::nullopt : std::optional(Rule::provider_before_acceptance);
  if (provider.empty()) return Rule::provider_not_told;
  return provider == one.provider ? std::nullopt : std::optional(Rule::other_provider);
}

}  // namespace

iro::Verdict WarmHandover::requested(const HandoverRequested& requested, const iro::Event& event,
                                     iro::Effects& effects) const {
  const std::string_view school = iro::str(requested.school());
  if (!usable(event.subject(), event.person())) return refuse(Rule::id_not_usable);
  if (!may_speak(event.sender(), Speaker::school, school, {})) return refuse(Rule::not_the_speaker);
  if (find(effects, event.subject())) return refuse(Rule::handover_known);
  if (!requested.reason_class()) return refuse(Rule::reason_missing);
  if (!open_cases_of(effects, event.person()).empty()) return refuse(Rule::second_handover);

  Case one;
  one.id = event.subject();
  one.student = event.person();
  one.school = school;
  one.present_provider = iro::str(requested.present_provider());
  one.placement = iro::str(requested.placement_id());
  one.reason = requested.reason_class();
  one.need = need_of(requested);
  one.respond_by = day_of(requested.respond_by());
  one.attempt = std::max<std::uint8_t>(1, requested.attempt());
  one.old_open = !one.placement.empty();
  walk(effects, one, On::requested);
  if (is_mbo(one.need) && *one.reason != ReasonClass::threatened_dropout && !day_of(requested.sbb_consulted_on())) {
    effects.explain({.nl = "Niet vermeld is wanneer school en SBB dit hebben vastgesteld (WEB 7.2.9).",
                     .en = "It is not said when school and SBB established this (WEB 7.2.9)."});
  }
  of_student.put(effects, iro::key(shelf_of(one.student), one.id), one.student, one.student);
  save(effects, one);
  return iro::accept();
}

iro::Verdict WarmHandover::student_agreed(const HandoverStudentAgreed& agreed, const iro::Event& event,
                                          iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, agreed, event, Speaker::school)) return refuse(*rule);
  if (one->stage != Stage::intake) return refuse(Rule::wrong_stage);
  one->destination_may_be_told = agreed.destination_may_be_told();
  one->support_until.reset();
  walk(effects, *one, On::student_agreed);
  search(effects, *one);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::student_declined(const HandoverStudentDeclined& declined, const iro::Event& event,
                                            iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, declined, event, Speaker::school)) return refuse(*rule);
  if (one->stage != Stage::intake) return refuse(Rule::wrong_stage);
  if (!declined.support_owner_role() || !day_of(declined.support_until())) return refuse(Rule::support_missing);
  one->support_until = day_of(declined.support_until());
  walk(effects, *one, On::student_declined);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::student_withdrawn(const HandoverStudentWithdrawn& withdrawn, const iro::Event& event,
                                             iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, withdrawn, event, Speaker::school)) return refuse(*rule);
  if (row_of(one->stage, On::student_withdrawn) == nullptr) return refuse(Rule::wrong_stage);
  if (const auto rule = misaddressed(*one, provider_in(withdrawn))) return refuse(*rule);
  end_invitation(effects, *one);
  search_ends.cancel(effects, one->id);
  walk(effects, *one, On::student_withdrawn);
  let_go(effects, *one, SupervisionEndCode::no_longer_needed);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::stayed(const HandoverStayed& stayed, const iro::Event& event, iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, stayed, event, Speaker::school)) return refuse(*rule);
  if (!stayed.code()) return refuse(Rule::code_missing);
  if (const auto rule = misaddressed(*one, provider_in(stayed))) return refuse(*rule);
  end_invitation(effects, *one);
  walk(effects, *one, On::stayed);
  let_go(effects, *one, {});
  finish(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::stopped(const HandoverStopped& stopped, const iro::Event& event,
                                   iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, stopped, event, Speaker::school)) return refuse(*rule);
  if (!stopped.code()) return refuse(Rule::code_missing);
  if (const auto rule = misaddressed(*one, provider_in(stopped))) return refuse(*rule);
  end_invitation(effects, *one);
  walk(effects, *one, On::stopped);
  if (!day_of(stopped.early_end_reported_on())) {
    effects.explain(
        {.nl = "Het voortijdige einde moet nog worden gemeld.", .en = "The early end is still to be reported."});
  }
  let_go(effects, *one, {});
  finish(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::cancelled(const HandoverCancelled& cancelled, const iro::Event& event,
                                     iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, cancelled, event, Speaker::school)) return refuse(*rule);
  if (!cancelled.code()) return refuse(Rule::code_missing);
  if (const auto rule = misaddressed(*one, provider_in(cancelled))) return refuse(*rule);
  end_invitation(effects, *one);
  walk(effects, *one, On::cancelled);
  let_go(effects, *one, {});
  finish(effects, *one);
  return iro::accept();
}

}  // namespace iro::handover

// A provider is asked without being told for whom; it answers with a code, or its time runs out.
#include <algorithm>

#include "rule.hpp"

namespace iro::handover {

iro::Verdict WarmHandover::invited(const HandoverInvited& invited, const iro::Event& event,
                                   iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, invited, event, Speaker::school)) return refuse(*rule);
  if (one->stage != Stage::searching) return refuse(Rule::wrong_stage);
  if (one->chosen_vacancy.empty() || iro::str(invited.provider()) != one->chosen_provider ||
      iro::str(invited.vacancy_id()) != one->chosen_vacancy) {
    return refuse(Rule::not_chosen);
  }
  const sys_days until = day_of(invited.respond_by()).value_or(event.today() + days(config.invite_days));
  if (until < event.today()) return refuse(Rule::date_is_past);
  one->deadline = end_of(until);
  one->begin = day_of(invited.begin_on());
  ++one->providers_asked;
  invitation_ends.set(effects, one->id, one->deadline, one->student);
  search_ends.cancel(effects, one->id);
  const sys_days begin = one->begin.value_or(event.today());
  bookings.put(effects, iro::key(one->chosen_vacancy, one->id),
               {begin, begin + days(7 * std::max<int>(1, one->need.weeks) - 1)}, one->student);
  walk(effects, *one, On::invited);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::accepted(const HandoverAccepted& accepted, const iro::Event& event,
                                    iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, accepted, event, Speaker::provider)) return refuse(*rule);
  const std::string_view provider = iro::str(accepted.provider());
  const std::string_view trainer = iro::str(accepted.practice_trainer_id());
  if (one->provider == provider) {
    const bool another = !trainer.empty() && !one->trainer.empty() && trainer != one->trainer;
    return refuse(another ? Rule::two_primaries : Rule::already_accepted);
  }
  if (one->stage != Stage::inviting || one->chosen_provider != provider) {
    const bool late = std::any_of(one->asked.begin(), one->asked.end(),
                                  [&](const Asked& asked) { return asked.provider == provider && asked.expired; });
    return refuse(late ? Rule::invitation_expired : Rule::not_invited);
  }
  if (event.now() >= one->deadline) return refuse(Rule::invitation_expired);
  const std::string_view vacancy = iro::str(accepted.vacancy_id());
  if (!vacancy.empty() && vacancy != one->chosen_vacancy) return refuse(Rule::not_invited);
  const sys_days begin = day_of(accepted.begin_on()).value_or(one->begin.value_or(event.today()));
  const auto place = places.get(effects, one->chosen_vacancy);
  if (place && !recognised(effects, one->need, *place, begin)) return refuse(Rule::recognition_missing);
  if (is_employee(one->need) && !accepted.contract_possible()) return refuse(Rule::contract_missing);

  one->provider = provider;
  one->vacancy = one->chosen_vacancy;
  one->trainer = trainer;
  one->begin = begin;
  invitation_ends.cancel(effects, one->id);
  walk(effects, *one, On::accepted);
  bookings.put(effects, iro::key(one->vacancy, one->id),
               {begin, begin + days(7 * std::max<int>(1, one->need.weeks) - 1)}, one->student);
  ask_supervision(effects, *one);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::declined(const HandoverDeclined& declined, const iro::Event& event,
                                    iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, declined, event, Speaker::provider)) return refuse(*rule);
  if (one->stage != Stage::inviting || one->chosen_provider != iro::str(declined.provider()))
    return refuse(Rule::not_invited);
  if (!declined.code()) return refuse(Rule::code_missing);
  one->asked.push_back({one->chosen_vacancy, one->chosen_provider, false});
  walk(effects, *one, On::declined);
  let_go(effects, *one, {});
  search(effects, *one);
  save(effects, *one);
  return iro::accept();
}

void WarmHandover::no_answer(const iro::Timer& timer, iro::Effects& effects) const {
  const auto one = find(effects, plain(timer.key()));
  if (one && one->stage == Stage::inviting) end_invitation(effects, *one);
}

void WarmHandover::end_invitation(iro::Effects& effects, const Case& one) const {
  if (one.stage != Stage::inviting) return;
  auto said = about<HandoverInvitationExpiredT>(one, effects);
  said.provider = one.chosen_provider;
  said.vacancy_id = one.chosen_vacancy;
  effects.emit(said);
}

iro::Verdict WarmHandover::invitation_expired(const HandoverInvitationExpired& expired, const iro::Event& event,
                                              iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  const auto rule = wrong(one, expired, event, Speaker::school);
  if (rule && *rule != Rule::handover_ended) return refuse(*rule);
  const bool still = one->stage == Stage::inviting && one->chosen_vacancy == iro::str(expired.vacancy_id());
  if (!still) return iro::accept();  // the provider is told; the handover has gone elsewhere in the meantime
  one->asked.push_back({one->chosen_vacancy, one->chosen_provider, true});
  walk(effects, *one, On::invitation_expired);
  let_go(effects, *one, {});
  search(effects, *one);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::provider_withdrawn(const HandoverProviderWithdrawn& withdrawn, const iro::Event& event,
                                              iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, withdrawn, event, Speaker::provider)) return refuse(*rule);
  if (one->provider.empty()) return refuse(Rule::provider_before_acceptance);
  if (one->provider != iro::str(withdrawn.provider())) return refuse(Rule::other_provider);
  if (row_of(one->stage, On::provider_withdrawn) == nullptr) return refuse(Rule::wrong_stage);
  if (!withdrawn.code()) return refuse(Rule::code_missing);
  one->asked.push_back({one->vacancy, one->provider, false});
  walk(effects, *one, On::provider_withdrawn);
  let_go(effects, *one, SupervisionEndCode::moved);
  search(effects, *one);
  save(effects, *one);
  return iro::accept();
}

/// The place of somebody who has not started is gone, and its provider need not say it once more.
void WarmHandover::provider_lost(iro::Effects& effects, const Case& one, ProviderWithdrawalCode code) const {
  if (one.stage < Stage::accepted || one.stage > Stage::ready) return;
  auto said = about<HandoverProviderWithdrawnT>(one, effects);
  said.provider = one.provider;
  said.vacancy_id = one.vacancy;
  said.code = code;
  effects.emit(said);
}

iro::Verdict WarmHandover::identity_disclosed(const HandoverIdentityDisclosed& disclosed, const iro::Event& event,
                                              iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, disclosed, event, Speaker::school)) return refuse(*rule);
  if (one->provider.empty() || one->provider != iro::str(disclosed.provider()))
    return refuse(Rule::identity_before_acceptance);
  walk(effects, *one, On::identity_disclosed);
  return iro::accept();
}

void WarmHandover::ask_supervision(iro::Effects& effects, Case& one) const {
  one.supervision = one.id + ".s" + std::to_string(one.attempt) + "-" + std::to_string(one.providers_asked);
  const sys_days begin = one.begin.value_or(effects.today());
  const auto place = places.get(effects, one.vacancy);
  SupervisionRequestedT said;
  said.supervision_id = one.supervision;
  said.student = one.student;
  said.school = one.school;
  said.provider = one.provider;
  said.handover_id = one.id;
  said.task = SupervisionTask::supervise;
  said.programme = one.need.programme;
  said.level = one.need.level;
  if (place) {
    said.branch = place->branch;
    said.area = place->area;
  }
  said.from_week = iso_week(begin);
  said.until_week = iso_week(begin + days(7 * std::max<int>(1, one.need.weeks) - 1));
  said.minutes_per_week = config.supervision_minutes;
  said.effective_on = to_field(effects.today());
  effects.emit(said);
}

void WarmHandover::let_go(iro::Effects& effects, Case& one, std::optional<SupervisionEndCode> why) const {
  if (why && !one.supervision.empty()) {
    SupervisionEndedT said;
    said.supervision_id = one.supervision;
    said.student = one.student;
    said.school = one.school;
    said.provider = one.provider;
    said.code = why;
    said.ended_on = to_field(effects.today());
    said.effective_on = to_field(effects.today());
    effects.emit(said);
  }
  const std::string freed = one.vacancy.empty() ? one.chosen_vacancy : one.vacancy;
  if (!freed.empty()) {
    bookings.remove(effects, iro::key(freed, one.id));
    wake.set(effects, iro::key(freed, "-"), effects.now(), {});
  }
  for (const iro::Alarm* alarm : {&invitation_ends, &first_check, &last_check}) alarm->cancel(effects, one.id);
  one.shown.clear();
  one.chosen_vacancy.clear();
  one.chosen_provider.clear();
  one.provider.clear();
  one.vacancy.clear();
  one.trainer.clear();
  one.supervision.clear();
  one.new_placement.clear();
  one.begin.reset();
  one.agreement = one.arrival = one.first_good = one.last_good = false;
}

}  // namespace iro::handover

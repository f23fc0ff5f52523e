// Handlers of supervisor.*: who is in the pool, what they may do, and when.
#include "plugins/supervisor_pool/desk.hpp"

namespace iro::pool {

using namespace events;

namespace {

bool good_level(std::uint8_t level) { return level <= 4 || level == 6; }

/// Why an event about a supervisor of the pool is refused; nothing when it is not.
template <typename Said>
const Refusal* objection(const SupervisorPool& pool, Desk& desk, const Said& said, const iro::Event& event) {
  const Supervisor* known = desk.find_supervisor(event.subject());
  if (known == nullptr) return &refusal("supervisor_unknown");
  if (known->person != event.person()) return &refusal("supervisor_id_taken");
  if (known->employer != iro::str(said.employer()) || !pool.speaks_for(desk.effects(), event, known->employer)) {
    return &refusal("not_the_employer");
  }
  if (known->gone_from != 0 && known->gone_from <= desk.this_week()) return &refusal("supervisor_gone");
  return nullptr;
}

/// The week that a field says, or this one when it says none; 0: it says one that does not exist.
Week week_or_this(std::int32_t field, const Desk& desk) {
  return field == 0 ? desk.this_week() : week_from_field(field);
}

}  // namespace

iro::Verdict SupervisorPool::registered(const SupervisorRegistered& said, const iro::Event& event,
                                        iro::Effects& effects) const {
  Desk desk(*this, effects);
  const Supervisor* known = desk.find_supervisor(event.subject());
  if (known != nullptr && known->person != event.person()) return refuse(refusal("supervisor_id_taken"));
  if (!speaks_for(effects, event, iro::str(said.employer()))) return refuse(refusal("not_the_employer"));
  if (said.fte_hundredths() == 0 || said.fte_hundredths() > 100) return refuse(refusal("fte_not_valid"));
  if (!good_level(said.level())) return refuse(refusal("level_not_valid"));
  const std::string_view area = iro::str(said.area());
  if (!area.empty() && !is_area(area)) return refuse(refusal("area_not_valid"));
  const Week from = week_from_field(said.from_week());
  const Week until = week_from_field(said.until_week());
  if ((said.from_week() != 0 && from == 0) || (said.until_week() != 0 && (until == 0 || until < from))) {
    return refuse(refusal("weeks_not_valid"));
  }

  desk.explain(known == nullptr        ? row("-", "registered", "active")
               : known->gone_from != 0 ? row("gone", "registered", "active")
                                       : row("active", "registered", "active"));
  Supervisor one = known == nullptr ? Supervisor{} : *known;
  one.person = event.person();
  one.employer = iro::str(said.employer());
  one.kind = said.kind().value_or(SupervisorKind::pool_supervisor);
  one.form = said.form().value_or(EmploymentForm::employed);
  if (said.level() != 0) one.level = said.level();
  one.branches.clear();
  for (flatbuffers::uoffset_t n = 0; said.branches() != nullptr && n < said.branches()->size(); ++n) {
    one.branches.push_back(said.branches()->Get(n));
  }
  one.area = area;
  one.fte_hundredths = said.fte_hundredths();
  one.hours_budget = said.hours_budget();
  one.supernumerary = said.supernumerary();
  one.from = from;
  one.until = until;
  one.cost_cents_per_hour = said.cost_cents_per_hour();
  one.gone_from = 0;
  desk.add(event.subject(), std::move(one));
  desk.weigh_again(event.subject(), Cause::absence);
  desk.news_of_people();
  desk.serve();
  desk.done();
  return iro::accept();
}

iro::Verdict SupervisorPool::qualified(const SupervisorQualified& said, const iro::Event& event,
                                       iro::Effects& effects) const {
  Desk desk(*this, effects);
  if (const Refusal* why = objection(*this, desk, said, event)) return refuse(*why);
  if (!good_level(said.level())) return refuse(refusal("level_not_valid"));
  if (said.valid_until() != 0 && said.valid_until() < iro::to_field(event.today())) {
    return refuse(refusal("qualification_expired"));
  }
  Supervisor& one = desk.supervisor(event.subject());
  one.training = said.training().value_or(SupervisorTraining::none);
  if (said.level() != 0) one.level = said.level();
  one.valid_until = said.valid_until();
  one.peer_groups = said.peer_groups();
  desk.explain(row("active", "qualified", "active"));
  desk.give_back(event.subject());
  desk.news_of_people();
  desk.serve();
  desk.done();
  return iro::accept();
}

iro::Verdict SupervisorPool::available(const SupervisorAvailabilityChanged& said, const iro::Event& event,
                                       iro::Effects& effects) const {
  Desk desk(*this, effects);
  if (const Refusal* why = objection(*this, desk, said, event)) return refuse(*why);
  if (said.weeks() == nullptr || said.weeks()->size() == 0) return refuse(refusal("weeks_not_valid"));
  for (const Availability* weeks : *said.weeks()) {
    const Week from = week_from_field(weeks->from_week());
    const Week until = week_from_field(weeks->until_week());
    if (from == 0 || until < from || until - from >= most_weeks) return refuse(refusal("weeks_not_valid"));
    if (weeks->fte_hundredths() > 100) return refuse(refusal("fte_not_valid"));
  }
  auto& known = desk.supervisor(event.subject()).said;
  std::map<Week, std::uint16_t> all(known.begin(), known.end());
  std::erase_if(all, [&](const auto& one) { return one.first + most_weeks < desk.this_week(); });
  for (const Availability* weeks : *said.weeks()) {
    const Week until = week_from_field(weeks->until_week());
    for (Week week = week_from_field(weeks->from_week()); week <= until; ++week) all[week] = weeks->fte_hundredths();
  }
  known.assign(all.begin(), all.end());
  desk.explain(row("active", "availability changed", "active"));
  desk.weigh_again(event.subject(), Cause::absence);
  desk.news_of_people();
  desk.serve();
  desk.done();
  return iro::accept();
}

iro::Verdict SupervisorPool::recalled(const SupervisorRecalled& said, const iro::Event& event,
                                      iro::Effects& effects) const {
  Desk desk(*this, effects);
  if (const Refusal* why = objection(*this, desk, said, event)) return refuse(*why);
  if (desk.find_supervisor(event.subject())->form == EmploymentForm::employed) return refuse(refusal("not_lent"));
  const Week from = week_or_this(said.from_week(), desk);
  if (from == 0) return refuse(refusal("weeks_not_valid"));
  desk.supervisor(event.subject()).gone_from = from;
  desk.explain(row("active", "recalled", "gone"));
  desk.weigh_again(event.subject(), Cause::recall);
  desk.news_of_people();
  desk.serve();
  desk.done();
  return iro::accept();
}

iro::Verdict SupervisorPool::left(const SupervisorLeft& said, const iro::Event& event, iro::Effects& effects) const {
  Desk desk(*this, effects);
  if (const Refusal* why = objection(*this, desk, said, event)) return refuse(*why);
  const Week from = week_or_this(said.from_week(), desk);
  if (from == 0) return refuse(refusal("weeks_not_valid"));
  desk.supervisor(event.subject()).gone_from = from;
  desk.explain(row("active", "left", "gone"));
  desk.weigh_again(event.subject(), Cause::departure);
  desk.news_of_people();
  desk.serve();
  desk.done();
  return iro::accept();
}

}  // namespace iro::pool

// Handlers of supervision.*: asked for, offered by hand, accepted, declined, ended, and the hours of it.
#include <algorithm>

#include "plugins/supervisor_pool/desk.hpp"

namespace iro::pool {

using namespace events;
using State = PartState;

namespace {

/// The school, the provider of the student, the bureau, the pool, or a rule.
bool may_ask(const SupervisorPool& pool, const iro::Effects& effects, const iro::Event& event, std::string_view school,
             std::string_view provider) {
  const std::string_view sender = event.sender();
  return sender == "hub" || sender == school || (!provider.empty() && sender == provider) ||
         pool.members.has_role(effects, sender, "bureau") || pool.members.has_role(effects, sender, "pool");
}

/// What is asked for, as a record without parts.
Supervision record_of(const SupervisionRequested& said, const iro::Event& event, const Config& config) {
  Supervision row;
  row.student = event.person();
  row.school = iro::str(said.school());
  row.provider = iro::str(said.provider());
  row.placement_id = iro::str(said.placement_id());
  row.handover_id = iro::str(said.handover_id());
  row.chain_id = iro::str(said.chain_id());
  row.leg_id = iro::str(said.leg_id());
  row.task = said.task().value_or(SupervisionTask::supervise);
  row.level = said.level();
  row.has_branch = said.branch().has_value();
  row.branch = said.branch().value_or(Branch::other);
  row.area = iro::str(said.area());
  row.from = week_from_field(said.from_week());
  row.until = week_from_field(said.until_week());
  row.minutes = said.minutes_per_week() != 0
                    ? said.minutes_per_week()
                    : static_cast<std::uint16_t>(config.minutes_per_contact / std::max(1, int{config.interval_weeks}));
  row.lateral = said.lateral_entrant();
  row.summer = said.summer();
  return row;
}

/// The same said again.
bool same(const Supervision& a, const Supervision& b) {
  return a.student == b.student && a.school == b.school && a.task == b.task && a.from == b.from && a.until == b.until &&
         a.lateral == b.lateral;
}

/// The supervisor that an answer is about: by id, or else by person among those who were asked.
std::string who_of(Desk& desk, const Supervision& row, std::string_view id, std::string_view person) {
  if (!id.empty()) return std::string(id);
  for (const Part& part : row.parts) {
    std::vector<std::string> ids = part.asked;
    ids.insert(ids.begin(), part.supervisor_id);
    for (const std::string& one : ids) {
      const Supervisor* known = desk.find_supervisor(one);
      if (known != nullptr && known->person == person) return one;
    }
  }
  return {};
}

Part* offered_to(Supervision& row, std::string_view who) {
  const auto at = std::ranges::find_if(
      row.parts, [&](const Part& part) { return part.state == State::offered && part.supervisor_id == who; });
  return at == row.parts.end() ? nullptr : &*at;
}

/// Why an answer of a supervisor is refused; nothing when it is one to an offer that stands.
template <typename Said>
const Refusal* objection(const SupervisorPool& pool, Desk& desk, const Said& said, const iro::Event& event) {
  const Supervision* row = desk.find_supervision(event.subject());
  if (row == nullptr) return &refusal("supervision_unknown");
  const std::string who = who_of(desk, *row, iro::str(said.supervisor_id()), event.person());
  const Supervisor* one = desk.find_supervisor(who);
  if (one == nullptr || one->person != event.person()) return &refusal("not_offered");
  if (one->employer != iro::str(said.employer()) || !pool.speaks_for(desk.effects(), event, one->employer)) {
    return &refusal("not_the_employer");
  }
  if (row->over) return &refusal("supervision_over");
  const auto was_asked = [&](const Part& part) { return std::ranges::find(part.asked, who) != part.asked.end(); };
  if (offered_to(desk.supervision(event.subject()), who) != nullptr) return nullptr;
  return std::ranges::any_of(row->parts, was_asked) ? &refusal("offer_lapsed") : &refusal("not_offered");
}

/// Why a person of the pool cannot offer this part to this supervisor. Distance and branch are theirs to judge.
const Refusal* objection_by_hand(const Supervisor& one, const Supervision& row, const Part& part, const Config& config,
                                 Week this_week) {
  if (one.gone_from != 0 && one.gone_from <= this_week) return &refusal("supervisor_gone");
  if (one.kind == SupervisorKind::mentor && !one.supernumerary) return &refusal("in_ward_roster");
  if (!right_kind(one, row, in_summer(row, part.from, part.until, config))) return &refusal("summer_needs_teacher");
  if (!is_trained(one, row, part.until)) return &refusal("supervisor_not_qualified");
  for (Week week = part.from; week <= part.until; ++week) {
    if (one.fte_in(week) == 0) return &refusal("supervisor_absent");
  }
  const Free free = free_in(one, part.from, part.until, share_of(row), config);
  if (free.free >= seats_of(row, config)) return nullptr;
  return row.lateral ? &refusal("lateral_share_used") : &refusal("supervisor_over_capacity");
}

}  // namespace

iro::Verdict SupervisorPool::requested(const SupervisionRequested& said, const iro::Event& event,
                                       iro::Effects& effects) const {
  Desk desk(*this, effects);
  Supervision row = record_of(said, event, config);
  if (!may_ask(*this, effects, event, row.school, row.provider)) return refuse(refusal("not_a_party"));
  if (!in_role(row.task)) return refuse(refusal("task_outside_role"));
  if (row.task == SupervisionTask::assess_together && row.provider.empty()) {
    return refuse(refusal("assessment_needs_provider"));
  }
  if (row.from == 0 || row.until < row.from || row.until - row.from >= most_weeks) {
    return refuse(refusal("weeks_not_valid"));
  }
  if (!row.area.empty() && !is_area(row.area)) return refuse(refusal("area_not_valid"));
  if (const Supervision* known = desk.find_supervision(event.subject())) {
    if (!same(*known, row)) return refuse(refusal("already_requested"));
    return known->over ? refuse(refusal("supervision_over")) : iro::accept();  // said again: nothing new
  }
  if (row.until < desk.this_week()) return refuse(refusal("weeks_past"));

  row.order = counter.get_or(effects, "order", 0) + 1;
  counter.put(effects, "order", row.order);
  Part part;
  part.from = std::max(row.from, desk.this_week());
  part.until = row.until;
  row.parts.push_back(part);
  for (const std::string& one : row.of_cases()) {
    cases.put(effects, iro::key(one, event.subject()), {row.student, {}});
  }
  last_week.set(effects, event.subject(), monday_of(row.until + 1));
  const bool known_student = !desk.own_supervisor(event.subject(), row).empty();
  desk.add(event.subject(), std::move(row));
  desk.wait(event.subject(), desk.supervision(event.subject()).parts.front(),
            known_student ? Cause::own : Cause::request);
  desk.serve();
  desk.done();
  return iro::accept();
}

/// By hand. What the rule offered itself comes by here too, and is done already.
iro::Verdict SupervisorPool::offered(const SupervisionOffered& said, const iro::Event& event,
                                     iro::Effects& effects) const {
  if (event.sender() == "hub") return iro::accept();
  Desk desk(*this, effects);
  const Supervision* row = desk.find_supervision(event.subject());
  if (row == nullptr) return refuse(refusal("supervision_unknown"));
  if (row->over) return refuse(refusal("supervision_over"));
  const std::string_view who = iro::str(said.supervisor_id());
  const Supervisor* one = desk.find_supervisor(who);
  if (one == nullptr || one->person != event.person()) return refuse(refusal("supervisor_unknown"));
  if (one->employer != iro::str(said.employer())) return refuse(refusal("not_the_employer"));
  Supervision& changing = desk.supervision(event.subject());
  const Week from = week_from_field(said.from_week());
  const auto part = std::ranges::find_if(changing.parts, [&](const Part& p) {
    return p.state != State::assigned && (from == 0 || (p.from <= from && from <= p.until));
  });
  if (part == changing.parts.end()) return refuse(refusal("already_assigned"));
  if (part->state == State::offered && part->supervisor_id == who) return iro::accept();  // said again
  if (const Refusal* why = objection_by_hand(*one, *row, *part, config, desk.this_week())) return refuse(*why);

  if (part->state == State::offered) {
    desk.take_back(event.subject(), *part, SupervisionReleaseCode::another_asked);
    desk.explain(pool::row("offered", "offered by hand", "offered"));
  } else {
    desk.explain(pool::row("queued", "offered by hand", "offered"));
  }
  const std::int32_t today = iro::to_field(event.today());
  desk.offer(event.subject(), *part, who, said.respond_by() >= today ? said.respond_by() : today + config.answer_days,
             false);
  desk.serve();
  desk.done();
  return iro::accept();
}

iro::Verdict SupervisorPool::accepted(const SupervisionAccepted& said, const iro::Event& event,
                                      iro::Effects& effects) const {
  Desk desk(*this, effects);
  if (const Refusal* why = objection(*this, desk, said, event)) {
    // Who has it already may say so again.
    const Supervision* row = desk.find_supervision(event.subject());
    const auto has_it = [&](const Part& part) {
      const Supervisor* one = desk.find_supervisor(part.supervisor_id);
      return part.state == State::assigned && one != nullptr && one->person == event.person();
    };
    const bool again = row != nullptr && !row->over && std::ranges::any_of(row->parts, has_it);
    return again && why->code == "not_offered" ? iro::accept() : refuse(*why);
  }
  Supervision& changing = desk.supervision(event.subject());
  const std::string who = who_of(desk, changing, iro::str(said.supervisor_id()), event.person());
  for (Part* part = offered_to(changing, who); part != nullptr; part = offered_to(changing, who)) {
    const bool substitute = !part->instead_of.empty();
    desk.explain(substitute ? row("offered", "accepted as a substitute", "assigned")
                            : row("offered", "accepted", "assigned"));
    desk.assign(event.subject(), *part);
  }
  desk.done();
  return iro::accept();
}

iro::Verdict SupervisorPool::declined(const SupervisionDeclined& said, const iro::Event& event,
                                      iro::Effects& effects) const {
  Desk desk(*this, effects);
  if (const Refusal* why = objection(*this, desk, said, event)) return refuse(*why);
  if (!said.code().has_value()) return refuse(refusal("decline_without_code"));
  Supervision& changing = desk.supervision(event.subject());
  const std::string who = who_of(desk, changing, iro::str(said.supervisor_id()), event.person());
  for (Part* part = offered_to(changing, who); part != nullptr; part = offered_to(changing, who)) {
    desk.take_back(event.subject(), *part, std::nullopt);
    desk.wait(event.subject(), *part, Cause::decline);
  }
  desk.serve();
  desk.done();
  return iro::accept();
}

iro::Verdict SupervisorPool::ended(const SupervisionEnded& said, const iro::Event& event, iro::Effects& effects) const {
  if (event.sender() == "hub") return iro::accept();  // the rule said it, and has done it
  Desk desk(*this, effects);
  const Supervision* row = desk.find_supervision(event.subject());
  if (row == nullptr) return refuse(refusal("supervision_unknown"));
  if (!may_ask(*this, effects, event, row->school, {}) || iro::str(said.school()) != row->school) {
    return refuse(refusal("not_a_party"));
  }
  if (row->over) return refuse(refusal("supervision_over"));
  const Week from = said.ended_on() == 0 ? desk.this_week() : week_of(iro::date_of(said.ended_on())) + 1;
  desk.end(event.subject(), from, std::nullopt);
  desk.serve();
  desk.done();
  return iro::accept();
}

iro::Verdict SupervisorPool::reported(const SupervisionHoursReported& said, const iro::Event& event,
                                      iro::Effects& effects) const {
  Desk desk(*this, effects);
  const Supervision* row = desk.find_supervision(event.subject());
  if (row == nullptr) return refuse(refusal("supervision_unknown"));
  const SupervisionTask task = said.task().value_or(SupervisionTask::supervise);
  if (!in_role(task)) return refuse(refusal("task_outside_role"));
  const std::string who = who_of(desk, *row, iro::str(said.supervisor_id()), event.person());
  const Supervisor* one = desk.find_supervisor(who);
  if (one == nullptr || one->person != event.person()) return refuse(refusal("supervisor_unknown"));
  if (one->employer != iro::str(said.employer()) || !speaks_for(effects, event, one->employer)) {
    return refuse(refusal("not_the_employer"));
  }
  const Week week = week_from_field(said.week());
  const bool worked = std::ranges::any_of(row->parts, [&](const Part& part) {
    return part.state == State::assigned && part.supervisor_id == who && part.from <= week && week <= part.until;
  });
  if (week == 0 || week > desk.this_week() || !worked) return refuse(refusal("week_not_worked"));

  // What is said again of the same supervision, week and task replaces what was said.
  const iro::Key key = iro::key(who, static_cast<std::uint32_t>(week));
  Hours all = hours.get_or(effects, key, {});
  std::erase_if(all.lines,
                [&](const auto& line) { return std::get<0>(line) == event.subject() && std::get<1>(line) == task; });
  all.lines.emplace_back(std::string(event.subject()), task, said.minutes(), said.travel_minutes());
  std::uint64_t sum = 0;
  for (const auto& line : all.lines) sum += std::uint64_t{std::get<2>(line)} + std::get<3>(line);
  if (sum > std::uint64_t{config.most_week_hours} * 60) return refuse(refusal("too_many_hours_in_week"));
  hours.put(effects, key, all);
  return iro::accept();
}

}  // namespace iro::pool

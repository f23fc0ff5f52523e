// What other subjects change: a placement, a handover or a chain that ends, places that open, a person who is erased;
// and the alarms.
#include <algorithm>

#include "plugins/supervisor_pool/desk.hpp"

namespace iro::pool {

using namespace events;
using EndCode = SupervisionEndCode;

namespace {

/// All that is open for a case ends, of one student or of all.
void end_case(const SupervisorPool& pool, iro::Effects& effects, const std::string& of, std::string_view student,
              EndCode code, const Row& why) {
  Desk desk(pool, effects);
  std::vector<std::string> ids;
  pool.cases.each(effects, of, [&](std::string_view key, const Case& known) {
    if (student.empty() || known.student == student) ids.push_back(parts_of_key(key).back());
  });
  bool any = false;
  for (const std::string& id : ids) {
    const Supervision* row = desk.find_supervision(id);
    if (row == nullptr || row->over) continue;
    if (student.empty() && !desk.may_say_more()) {  // the rest at an alarm that rings at once
      pool.go_on.set(effects, iro::key(of, static_cast<std::uint32_t>(code)), effects.now(), {});
      break;
    }
    if (!any) desk.explain(why);
    any = true;
    desk.end(id, desk.this_week(), code);
  }
  if (any) desk.serve();
  desk.done();
}

void end_handover(const SupervisorPool& pool, iro::Effects& effects, std::string_view id, std::string_view student) {
  if (id.empty()) return;
  end_case(pool, effects, "handover:" + std::string(id), student, EndCode::no_longer_needed,
           row("open", "handover ended", "over"));
}

void end_chain(const SupervisorPool& pool, iro::Effects& effects, std::string_view id, std::string_view student,
               EndCode code) {
  if (id.empty()) return;
  end_case(pool, effects, "chain:" + std::string(id), student, code, row("open", "chain ended", "over"));
}

Places places_of(std::string_view provider, const Offer* offer) {
  Places out;
  out.provider = provider;
  if (offer == nullptr || offer->seats() == nullptr) return out;
  for (const SeatsInWeek* seats : *offer->seats()) {
    if (const Week week = week_from_field(seats->week()); week != 0) out.seats.emplace_back(week, seats->seats());
  }
  std::ranges::sort(out.seats);
  if (out.seats.size() > static_cast<std::size_t>(most_weeks)) out.seats.resize(static_cast<std::size_t>(most_weeks));
  return out;
}

}  // namespace

void SupervisorPool::placement_ended(const PlacementEnded& said, iro::Effects& effects) const {
  end_case(*this, effects, "placement:" + std::string(iro::str(said.placement_id())), iro::str(said.student()),
           EndCode::placement_ended, row("open", "placement ended", "over"));
}
void SupervisorPool::handover_cancelled(const HandoverCancelled& said, iro::Effects& effects) const {
  end_handover(*this, effects, iro::str(said.handover_id()), iro::str(said.student()));
}
void SupervisorPool::handover_stopped(const HandoverStopped& said, iro::Effects& effects) const {
  end_handover(*this, effects, iro::str(said.handover_id()), iro::str(said.student()));
}
void SupervisorPool::handover_stayed(const HandoverStayed& said, iro::Effects& effects) const {
  end_handover(*this, effects, iro::str(said.handover_id()), iro::str(said.student()));
}
void SupervisorPool::chain_dissolved(const ChainDissolved& said, iro::Effects& effects) const {
  end_chain(*this, effects, iro::str(said.chain_id()), {}, EndCode::no_longer_needed);
}
void SupervisorPool::chain_closed(const ChainClosed& said, iro::Effects& effects) const {
  end_chain(*this, effects, iro::str(said.chain_id()), {}, EndCode::completed);
}
void SupervisorPool::leg_released(const LegReleased& said, const iro::Event& event, iro::Effects& effects) const {
  if (said.code() == LegReleaseCode::moved_by_agreement) return;
  end_chain(*this, effects, iro::str(said.chain_id()), event.person(), EndCode::no_longer_needed);
}

void SupervisorPool::vacancy_opened(const VacancyOpened& said, iro::Effects& effects) const {
  places.put(effects, iro::str(said.vacancy_id()), places_of(iro::str(said.provider()), said.offer()));
}
void SupervisorPool::vacancy_changed(const VacancyChanged& said, iro::Effects& effects) const {
  places.put(effects, iro::str(said.vacancy_id()), places_of(iro::str(said.provider()), said.offer()));
}
void SupervisorPool::vacancy_reoffered(const VacancyReoffered& said, iro::Effects& effects) const {
  places.put(effects, iro::str(said.vacancy_id()), places_of(iro::str(said.provider()), said.offer()));
}
void SupervisorPool::vacancy_withdrawn(const VacancyWithdrawn& said, iro::Effects& effects) const {
  auto known = places.get(effects, iro::str(said.vacancy_id()));
  if (!known) return;
  if (said.seats() == nullptr || said.seats()->size() == 0) {
    places.remove(effects, iro::str(said.vacancy_id()));
    return;
  }
  for (const SeatsInWeek* gone : *said.seats()) {
    for (auto& [week, seats] : known->seats) {
      if (week == week_from_field(gone->week())) seats -= std::min(seats, gone->seats());
    }
  }
  places.put(effects, iro::str(said.vacancy_id()), *known);
}

void SupervisorPool::erased(const SubjectErased&, const iro::Event& event, iro::Effects& effects) const {
  Desk desk(*this, effects);
  desk.count_again(event.person());
  desk.explain(row("any", "subject erased", "any"));
  desk.serve();
  desk.done();
}

void SupervisorPool::nobody_answered(const iro::Timer& timer, iro::Effects& effects) const {
  const std::vector<std::string> parts = parts_of_key(timer.key());
  Desk desk(*this, effects);
  const Supervision* known = desk.find_supervision(parts.front());
  if (known == nullptr || known->over) return;
  for (Part& part : desk.supervision(parts.front()).parts) {
    if (part.state != PartState::offered || part.respond_by >= iro::to_field(timer.today())) continue;
    desk.take_back(parts.front(), part, SupervisionReleaseCode::no_answer);
    desk.wait(parts.front(), part, Cause::silence);
  }
  desk.serve();
  desk.done();
}

void SupervisorPool::weeks_passed(const iro::Timer& timer, iro::Effects& effects) const {
  const std::string id = parts_of_key(timer.key()).front();
  Desk desk(*this, effects);
  const Supervision* known = desk.find_supervision(id);
  if (known == nullptr || known->over) return;
  desk.explain(row("open", "last week passed", "over"));
  desk.end(id, desk.this_week(), EndCode::completed);
  desk.done();
}

void SupervisorPool::forgotten(const iro::Timer& timer, iro::Effects& effects) const {
  const std::string id = parts_of_key(timer.key()).front();
  const auto known = supervisions.get(effects, id);
  if (!known) return;
  supervisions.remove(effects, id);
  for (const std::string& one : known->of_cases()) {
    cases.remove(effects, iro::key(one, id));
  }
}

void SupervisorPool::goes_on(const iro::Timer& timer, iro::Effects& effects) const {
  const std::vector<std::string> parts = parts_of_key(timer.key());
  if (parts.size() == 2) {
    const bool completed = parts.back() == "0000000000";
    end_case(*this, effects, parts.front(), {}, completed ? EndCode::completed : EndCode::no_longer_needed,
             row("open", "chain ended", "over"));
    return;
  }
  Desk desk(*this, effects);
  desk.serve();
  desk.done();
}

}  // namespace iro::pool

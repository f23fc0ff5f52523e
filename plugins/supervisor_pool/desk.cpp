#include "plugins/supervisor_pool/desk.hpp"

#include <algorithm>

namespace iro::pool {

using namespace events;
using State = PartState;
using ReleaseCode = SupervisionReleaseCode;

std::vector<std::string> parts_of_key(std::string_view key) {
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '/') {
      out.emplace_back();
    } else if (key[i] == '%' && i + 2 < key.size()) {
      out.back() += key[i + 2] == 'F' ? '/' : '%';
      i += 2;
    } else {
      out.back() += key[i];
    }
  }
  return out;
}

// ---- records

const Supervisor* Desk::find_supervisor(std::string_view id) {
  if (id.empty()) return nullptr;
  if (const auto at = people_.find(id); at != people_.end()) return &at->second.record;
  if (everybody_) return nullptr;
  auto record = pool_->people.get(*effects_, id);
  return record ? &people_.emplace(std::string(id), Sheet<Supervisor>{std::move(*record)}).first->second.record
                : nullptr;
}
const Supervision* Desk::find_supervision(std::string_view id) {
  if (id.empty()) return nullptr;
  if (const auto at = rows_.find(id); at != rows_.end()) return &at->second.record;
  auto record = pool_->supervisions.get(*effects_, id);
  return record ? &rows_.emplace(std::string(id), Sheet<Supervision>{std::move(*record)}).first->second.record
                : nullptr;
}
Supervisor& Desk::supervisor(std::string_view id) {
  if (find_supervisor(id) == nullptr) throw iro::Failed(IRO_FAILED, "the pool lost a supervisor");
  Sheet<Supervisor>& sheet = people_.find(id)->second;
  sheet.touched = true;
  seats_.clear();
  return sheet.record;
}
Supervision& Desk::supervision(std::string_view id) {
  if (find_supervision(id) == nullptr) throw iro::Failed(IRO_FAILED, "the pool lost a supervision");
  Sheet<Supervision>& sheet = rows_.find(id)->second;
  sheet.touched = true;
  return sheet.record;
}
void Desk::add(std::string_view id, Supervisor record) {
  people_.insert_or_assign(std::string(id), Sheet<Supervisor>{std::move(record), true});
  seats_.clear();
}
void Desk::add(std::string_view id, Supervision record) {
  rows_.insert_or_assign(std::string(id), Sheet<Supervision>{std::move(record), true});
}

void Desk::read_everybody() {
  if (!everybody_) {
    pool_->people.each(*effects_, [&](std::string_view key, const Supervisor& record) {
      people_.emplace(parts_of_key(key).front(), Sheet<Supervisor>{record});
    });
    everybody_ = true;
  }
  names_.clear();
  faces_.clear();
  for (const auto& [id, sheet] : people_) {
    names_.push_back(id);
    faces_.push_back(&sheet.record);
  }
}

void Desk::done() {
  bool any = !erased_.empty();  // whoever is gone took room along
  for (const auto& [id, sheet] : people_) {
    if (!sheet.touched) continue;
    pool_->people.put(*effects_, id, sheet.record, sheet.record.person);
    any = true;
  }
  if (any) pool_->will_count_room(*effects_);
  for (const auto& [id, sheet] : rows_) {
    if (!sheet.touched) continue;
    const Supervision& row = sheet.record;
    pool_->supervisions.put(*effects_, id, row, row.student);
    for (const std::string& supervisor : met_[id]) {
      if (row.has(supervisor) && !row.over) {
        pool_->theirs.put(*effects_, iro::key(supervisor, id), {id, row.from}, row.student);
      } else {
        pool_->theirs.remove(*effects_, iro::key(supervisor, id));
      }
    }
  }
}

// ---- words

void Desk::explain(const Row& row) {
  if (said_.size() >= most_notes || !said_.insert(&row).second) return;
  effects_->explain({.nl = std::string(row.nl), .en = std::string(row.en)});
}

// ---- one part

Part* Desk::part_from(Supervision& row, Week from) {
  const auto at = std::ranges::find(row.parts, from, &Part::from);
  return at == row.parts.end() ? nullptr : &*at;
}

void Desk::wait(std::string_view id, Part& part, Cause cause) {
  const Supervision& row = supervision(id);
  part.state = State::queued;
  part.supervisor_id.clear();
  part.cause = cause;
  part.told = false;
  const auto from = static_cast<std::uint32_t>(part.from);
  pool_->queue.put(*effects_, iro::key(row.order, from), {std::string(id), part.from}, row.student);
}

void Desk::leave_queue(const Supervision& row, const Part& part) {
  pool_->queue.remove(*effects_, iro::key(row.order, static_cast<std::uint32_t>(part.from)));
}

void Desk::offer(std::string_view id, Part& part, std::string_view who, std::int32_t respond_by, bool say_it) {
  const Supervision& row = supervision(id);
  Supervisor& one = supervisor(who);
  if (part.state == State::queued) leave_queue(row, part);
  part.state = State::offered;
  part.supervisor_id = who;
  part.respond_by = respond_by;
  std::erase_if(one.load, [&](const Use& use) { return use.week + most_weeks < this_week_; });
  occupy(one, row, part.from, part.until, *config_);
  met_[std::string(id)].insert(std::string(who));
  ++alarms_;
  pool_->answer.set(*effects_, iro::key(id, static_cast<std::uint32_t>(part.from)),
                    iro::date_of(respond_by) + std::chrono::days(1), row.student);
  if (!say_it) return;
  SupervisionOfferedT offered;
  offered.supervision_id = id;
  offered.supervisor = one.person;
  offered.employer = one.employer;
  offered.supervisor_id = who;
  offered.task = row.task;
  if (row.has_branch) offered.branch = row.branch;
  offered.area = row.area;
  offered.level = row.level;
  offered.from_week = to_week_field(part.from);
  offered.until_week = to_week_field(part.until);
  offered.minutes_per_week = row.minutes;
  offered.substitute = !part.instead_of.empty();
  offered.respond_by = respond_by;
  say(offered);
}

void Desk::assign(std::string_view id, Part& part) {
  const Supervision& row = supervision(id);
  const Supervisor& one = supervisor(part.supervisor_id);
  part.state = State::assigned;
  part.respond_by = 0;
  ++alarms_;
  pool_->answer.cancel(*effects_, iro::key(id, static_cast<std::uint32_t>(part.from)));
  remember_case(id, row, part.supervisor_id);
  if (!part.instead_of.empty() && part.instead_of != part.supervisor_id) {
    SupervisionSubstitutedT substituted;
    substituted.supervision_id = id;
    substituted.student = row.student;
    substituted.school = row.school;
    substituted.provider = row.provider;
    substituted.from_supervisor_id = part.instead_of;
    substituted.to_supervisor_id = part.supervisor_id;
    substituted.from_week = to_week_field(part.from);
    substituted.until_week = to_week_field(part.until);
    return say(substituted);
  }
  SupervisionAssignedT assigned;
  assigned.supervision_id = id;
  assigned.student = row.student;
  assigned.school = row.school;
  assigned.provider = row.provider;
  assigned.supervisor_id = part.supervisor_id;
  assigned.level_below = level_below(one, row);
  assigned.from_week = to_week_field(part.from);
  assigned.until_week = to_week_field(part.until);
  assigned.minutes_per_week = row.minutes;
  say(assigned);
}

void Desk::remember_case(std::string_view id, const Supervision& row, std::string_view who) {
  for (const std::string& one : row.of_cases()) {
    pool_->cases.put(*effects_, iro::key(one, id), {row.student, std::string(who)}, row.student);
  }
}

/// The weeks of `part` from `from` on are free for its supervisor.
void Desk::free_supervisor(std::string_view id, const Part& part, Week from, std::optional<ReleaseCode> code) {
  if (find_supervisor(part.supervisor_id) == nullptr) return;  // erased since
  Supervisor& one = supervisor(part.supervisor_id);
  const Week first = std::max(from, part.from);
  release(one, supervision(id), first, part.until, *config_);
  met_[std::string(id)].insert(part.supervisor_id);
  if (!code || first > part.until) return;
  SupervisionReleasedT released;
  released.supervision_id = id;
  released.supervisor = one.person;
  released.employer = one.employer;
  released.supervisor_id = part.supervisor_id;
  released.code = code;
  released.from_week = to_week_field(first);
  released.until_week = to_week_field(part.until);
  say(released);
}

void Desk::take_back(std::string_view id, Part& part, std::optional<ReleaseCode> code) {
  free_supervisor(id, part, part.from, code);  // the alarm stays: it finds no offer, or is moved by the next one
  part.asked.push_back(part.supervisor_id);
  part.supervisor_id.clear();
  part.respond_by = 0;
}

void Desk::end(std::string_view id, Week from, std::optional<SupervisionEndCode> code) {
  Supervision& row = supervision(id);
  row.over = true;
  for (Part& part : row.parts) {
    if (!part.instead_of.empty()) met_[std::string(id)].insert(part.instead_of);
    if (part.state == State::queued) {
      leave_queue(row, part);
      explain(pool::row("queued", "ended", "over"));
      continue;
    }
    const bool offered = part.state == State::offered;
    free_supervisor(id, part, offered ? part.from : from, ReleaseCode::ended);
    explain(offered ? pool::row("offered", "ended", "over") : pool::row("assigned", "ended", "over"));
  }
  alarms_ += 2;
  pool_->last_week.cancel(*effects_, id);
  pool_->forget.set(*effects_, id, effects_->now() + std::chrono::weeks(config_->keep_weeks), row.student);
  if (!code) return;
  SupervisionEndedT ended;
  ended.supervision_id = id;
  ended.student = row.student;
  ended.school = row.school;
  ended.provider = row.provider;
  ended.code = code;
  ended.ended_on = iro::to_field(effects_->today());
  say(ended);
}

}  // namespace iro::pool

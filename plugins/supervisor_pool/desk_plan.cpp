// The part of a Desk that decides who is asked: the queue, the plan, and what a supervisor can no longer do.
#include <algorithm>

#include "plugins/supervisor_pool/desk.hpp"

namespace iro::pool {

using namespace events;
using State = PartState;

std::string Desk::own_supervisor(std::string_view id, const Supervision& row) {
  std::string own;
  for (const std::string& one : row.of_cases()) {
    pool_->cases.each(*effects_, one, [&](std::string_view key, const Case& known) {
      if (known.student != row.student || known.supervisor_id.empty() || parts_of_key(key).back() == id) return true;
      own = known.supervisor_id;
      return false;
    });
    if (!own.empty()) break;
  }
  return own;
}

const std::vector<Assignment::Seats>& Desk::seats_of_all(const Together& t) {
  std::vector<Assignment::Seats>& out = seats_[t];
  if (!out.empty()) return out;
  for (const Supervisor* one : faces_) {
    const Free free = free_in(*one, t.from, t.until, t.share, *config_);
    const std::uint32_t all = free.all / t.units;
    out.push_back({all, all - std::min(all, free.free / t.units)});
  }
  return out;
}

std::vector<Assignment::Option> Desk::ways(std::string_view id, const Part& part, const Together& together) {
  const std::vector<Assignment::Seats>& seats = seats_of_all(together);
  const Supervision& row = *find_supervision(id);
  const std::string own = own_supervisor(id, row);
  std::vector<Assignment::Option> out;
  for (std::uint32_t n = 0; n < names_.size(); ++n) {
    if (seats[n].taken >= seats[n].all || std::ranges::find(part.asked, names_[n]) != part.asked.end()) continue;
    const auto cost = cost_of(*faces_[n], row, part, *config_);
    if (!cost) continue;
    out.push_back({n, *cost + (own.empty() || own == names_[n] ? 0 : another_supervisor)});
  }
  return out;
}

void Desk::serve() {
  std::vector<Stands> line;
  pool_->queue.each(*effects_, [&](std::string_view, const Waiting& waiting) {
    line.push_back({waiting.supervision_id, waiting.from, static_cast<std::uint32_t>(line.size() + 1)});
  });
  if (line.empty()) return;
  read_everybody();
  // Those who can be served, in the order of asking; what shares its weeks is planned together.
  std::vector<std::pair<Together, std::vector<Options>>> plans;
  std::size_t open = 0;
  for (const Stands& stands : line) {
    if (open == config_->most_planned || !may_say_more()) {
      pool_->go_on.set(*effects_, "plan", effects_->now(), {});
      break;
    }
    if (find_supervision(stands.id) == nullptr ||
        (!erased_.empty() && find_supervision(stands.id)->student == erased_)) {
      continue;
    }
    Part* part = part_from(rows_.find(stands.id)->second.record, stands.from);
    if (part == nullptr || part->state != State::queued) continue;
    const Supervision& row = *find_supervision(stands.id);
    const Together together{part->from, part->until, share_of(row), seats_of(row, *config_)};
    Options options{stands, ways(stands.id, *part, together)};
    if (options.ways.empty()) {
      tell(stands, *part);
      continue;
    }
    ++open;
    auto at = std::ranges::find(plans, together, &std::pair<Together, std::vector<Options>>::first);
    if (at == plans.end()) at = plans.insert(plans.end(), {together, {}});
    at->second.push_back(std::move(options));
  }
  for (auto& [together, options] : plans) plan(together, options);
}

/// One minimum-cost flow; what was asked in the plan before it counts as taken.
void Desk::plan(const Together& together, const std::vector<Options>& open) {
  Assignment assignment({.balance = config_->balance_weight, .move = 0});
  for (const Assignment::Seats& seats : seats_of_all(together)) assignment.add_supervisor(seats);
  std::vector<std::uint32_t> students;
  for (std::size_t n = 0; n < open.size(); ++n) {
    const auto older = static_cast<std::int64_t>(open.size() - n);
    students.push_back(assignment.enter(assignment.add_kind(open[n].ways, unserved + older * a_place_in_the_queue)));
  }
  const std::int32_t respond_by = iro::to_field(effects_->today()) + config_->answer_days;
  for (std::size_t n = 0; n < open.size(); ++n) {
    const Stands& stands = open[n].stands;
    Part& part = *part_from(supervision(stands.id), stands.from);
    const std::uint32_t who = assignment.supervisor_of(students[n]);
    if (who == Assignment::nobody) {
      tell(stands, part);
    } else if (!may_say_more()) {
      pool_->go_on.set(*effects_, "plan", effects_->now(), {});
      return;
    } else {
      explain(row_of(part.told ? Cause::room : part.cause, true));
      offer(stands.id, part, names_[who], respond_by, true);
    }
  }
}

/// Once, or again when the reason is another.
void Desk::tell(const Stands& stands, Part& part) {
  if (part.told && !news_of_people_) return;
  const Supervision& row = *find_supervision(stands.id);
  Reason reason(row, part, *config_);
  for (const Supervisor* one : faces_) reason.look_at(*one);
  const SupervisionRefusalCode why = reason.code();
  if (part.told && part.why == why) return;
  const bool first = !part.told;
  if (first) explain(row_of(part.cause, false));
  supervision(stands.id);  // touched
  part.told = true;
  part.why = why;
  SupervisionRefusedT refused;
  refused.supervision_id = stands.id;
  refused.student = row.student;
  refused.school = row.school;
  refused.code = why;
  refused.queued_at = static_cast<std::uint16_t>(std::min<std::uint32_t>(stands.at, UINT16_MAX));
  say(refused);
}

void Desk::lose(std::string_view id, std::string_view who, Week from, Week until, Cause cause) {
  Supervision& row = supervision(id);
  for (std::size_t n = 0; n < row.parts.size(); ++n) {
    Part part = row.parts[n];
    const Week first = std::max(from, part.from);
    const Week last = std::min(until, part.until);
    if (part.supervisor_id != who || part.state == State::queued || first > last) continue;
    if (part.state == State::offered) {
      take_back(id, row.parts[n], std::nullopt);
      wait(id, row.parts[n], cause);
      continue;
    }
    // Up to three parts: before, these weeks, behind.
    Part open = part;
    open.from = first;
    open.until = last;
    if (open.instead_of.empty()) open.instead_of = std::string(who);
    open.asked.clear();
    free_supervisor(id, open, first, std::nullopt);
    std::vector<Part> cut;
    if (part.from < first) {
      cut.push_back(part);
      cut.back().until = first - 1;
    }
    wait(id, open, cause);
    cut.push_back(open);
    const std::size_t place = n + cut.size();
    if (last < part.until) {
      cut.push_back(part);
      cut.back().from = last + 1;
    }
    row.parts.erase(row.parts.begin() + static_cast<std::ptrdiff_t>(n));
    row.parts.insert(row.parts.begin() + static_cast<std::ptrdiff_t>(n), cut.begin(), cut.end());
    n = place - 1;
  }
}

void Desk::weigh_again(std::string_view who, Cause cause) {
  std::vector<std::string> ids;
  pool_->theirs.each(*effects_, who, [&](std::string_view, const Waiting& one) { ids.push_back(one.supervision_id); });
  std::erase_if(ids, [&](const std::string& id) { return find_supervision(id) == nullptr; });
  std::ranges::sort(ids, std::greater<>(), [&](const std::string& id) { return find_supervision(id)->order; });
  for (const std::string& id : ids) {
    const Supervision& row = *find_supervision(id);
    const Share share = share_of(row);
    const Supervisor& one = *find_supervisor(who);
    const auto too_full = [&](Week week) {
      return of_use(one.used_in(week), share) > of_room(room_in(one, week, *config_), share);
    };
    const std::vector<Part> parts = row.parts;
    for (const Part& part : parts) {
      if (part.supervisor_id != who || part.state == State::queued) continue;
      Week first = std::max(part.from, this_week_);
      while (first <= part.until && !too_full(first)) ++first;
      Week last = part.until;
      while (last > first && !too_full(last)) --last;
      if (first <= part.until) lose(id, who, first, last, cause);
    }
  }
  give_back(who);
}

void Desk::give_back(std::string_view who) {
  std::vector<std::string> ids;
  pool_->theirs.each(*effects_, who, [&](std::string_view, const Waiting& one) { ids.push_back(one.supervision_id); });
  std::erase_if(ids, [&](const std::string& id) { return find_supervision(id) == nullptr; });
  std::ranges::sort(ids, {}, [&](const std::string& id) { return find_supervision(id)->order; });
  for (const std::string& id : ids) {
    for (Part& part : rows_.find(id)->second.record.parts) {
      if (part.instead_of != who || part.state == State::assigned || !may_say_more()) continue;
      const Supervision& row = *find_supervision(id);
      const Free free = free_in(*find_supervisor(who), part.from, part.until, share_of(row), *config_);
      if (free.free < seats_of(row, *config_) || !cost_of(*find_supervisor(who), row, part, *config_)) continue;
      supervision(id);
      if (part.state == State::offered) {
        take_back(id, part, SupervisionReleaseCode::first_supervisor_back);
        explain(pool::row("offered", "available again", "assigned"));
      } else {
        leave_queue(row, part);
        explain(pool::row("queued", "available again", "assigned"));
      }
      part.supervisor_id = who;
      part.instead_of.clear();
      occupy(supervisor(who), row, part.from, part.until, *config_);
      met_[id].insert(std::string(who));
      assign(id, part);
    }
  }
}

void Desk::count_again(std::string_view erased) {
  news_of_people();
  erased_ = erased;  // what is known of them goes with this commit
  read_everybody();
  std::erase_if(people_, [&](const auto& one) { return one.second.record.person == erased; });
  read_everybody();
  std::map<std::string, Supervisor, std::less<>> counted;
  for (const auto& [id, sheet] : people_) {
    Supervisor& one = counted.emplace(id, sheet.record).first->second;
    std::erase_if(one.load, [&](const Use& use) { return use.week >= this_week_; });
  }
  std::vector<std::string> ids;
  pool_->supervisions.each(*effects_, [&](std::string_view key, const Supervision& row) {
    if (!row.over && row.student != erased) ids.push_back(parts_of_key(key).front());
  });
  for (const std::string& id : ids) {
    const Supervision& row = *find_supervision(id);
    std::set<std::string> lost;
    for (const Part& part : row.parts) {
      if (part.state == State::queued) continue;
      if (const auto at = counted.find(part.supervisor_id); at != counted.end()) {
        occupy(at->second, row, std::max(part.from, this_week_), part.until, *config_);
      } else {
        lost.insert(part.supervisor_id);
      }
    }
    for (const std::string& who : lost) {
      lose(id, who, this_week_, row.until, Cause::departure);
      met_[id].insert(who);
    }
  }
  for (const auto& [id, one] : counted) {
    for (Week week = this_week_; week <= this_week_ + most_weeks; ++week) {
      if (one.used_in(week) == find_supervisor(id)->used_in(week)) continue;
      supervisor(id).load = one.load;
      break;
    }
  }
}

}  // namespace iro::pool

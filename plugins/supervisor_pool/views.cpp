// What people are shown. No view names a person: a supervisor is the pool's reference, a student is a supervision's id.
#include <algorithm>
#include <map>
#include <set>

#include "plugins/supervisor_pool/capacity.hpp"
#include "plugins/supervisor_pool/desk.hpp"
#include "plugins/supervisor_pool/view_text.hpp"

namespace iro::pool {

using namespace events;
using State = PartState;

namespace {

constexpr std::size_t most_cards = 200;  // of a column: a board is to be looked at

std::string day_text(std::int32_t day) { return day == 0 ? "" : iro::iso(iro::date_of(day)); }
std::string branch_of(const Supervision& row) { return row.has_branch ? EnumNameBranch(row.branch) : "any"; }

/// Seats of a week for a branch and level; "" and 0 are all of them.
struct Need {
  std::uint64_t assigned = 0;
  std::uint64_t offered = 0;
  std::uint64_t waiting = 0;
};
using Needs = std::map<std::tuple<Week, std::string, std::uint8_t>, Need>;

Needs needs_of(const SupervisorPool& pool, const iro::View& view, Week from, Week until) {
  Needs out;
  pool.supervisions.each(view, [&](std::string_view, const Supervision& row) {
    if (row.over || !takes_seats(row.task)) return;
    const std::uint64_t seats = seats_of(row, pool.config);
    for (const Part& part : row.parts) {
      for (Week week = std::max(from, part.from); week <= std::min(until, part.until); ++week) {
        Need& need = out[{week, branch_of(row), row.level}];
        (part.state == State::assigned  ? need.assigned
         : part.state == State::offered ? need.offered
                                        : need.waiting) += seats;
      }
    }
  });
  return out;
}

/// Free seats of those who may have a student of this branch and level.
std::uint64_t free_for(const std::vector<Supervisor>& people, const Config& config, Week week,
                       const std::string& branch, std::uint8_t level) {
  std::uint64_t free = 0;
  for (const Supervisor& one : people) {
    const auto named = [&](Branch b) { return branch == EnumNameBranch(b); };
    const bool here = branch == "any" || one.branches.empty() || std::ranges::any_of(one.branches, named);
    if (!here || one.training == SupervisorTraining::none || (one.level != 0 && one.level < level)) continue;
    free += free_in(one, week, week, Share::students, config).free;
  }
  return free;
}

std::string card(std::string_view title, const std::string& text) {
  return "{\"title\":" + iro::json::quoted(title) + ",\"text\":" + iro::json::quoted(text) + "}";
}

}  // namespace

std::string SupervisorPool::show_people(const iro::View& view) const {
  const Week week = week_asked(view);
  Table table{"supervisor", "employer",       "form",  "kind",  "level",         "branches",
              "area",       "fte_hundredths", "seats", "taken", "lateral_seats", "lateral_taken"};
  people.each(view, [&](std::string_view key, const Supervisor& one) {
    std::string branches;
    for (const Branch branch : one.branches)
      branches += (branches.empty() ? "" : " ") + std::string(EnumNameBranch(branch));
    const Room room = room_in(one, week, config);
    const Use use = one.used_in(week);
    table.row() << parts_of_key(key).front() << one.employer << EnumNameEmploymentForm(one.form)
                << EnumNameSupervisorKind(one.kind) << one.level << branches << one.area << one.fte_in(week)
                << room.seats << use.seats << room.lateral << use.lateral;
  });
  return table.json();
}

std::string SupervisorPool::show_register(const iro::View& view) const {
  Table table{"supervisor", "training", "level", "valid_until", "peer_groups", "valid_now"};
  const std::int32_t today = iro::to_field(view.today());
  people.each(view, [&](std::string_view key, const Supervisor& one) {
    const bool valid = one.training != SupervisorTraining::none && (one.valid_until == 0 || one.valid_until >= today);
    table.row() << parts_of_key(key).front() << EnumNameSupervisorTraining(one.training) << one.level
                << day_text(one.valid_until) << one.peer_groups << (valid ? "yes" : "no");
  });
  return table.json();
}

std::string SupervisorPool::show_board(const iro::View& view) const {
  std::array<std::string, 3> cards;
  std::array<std::size_t, 3> count{};
  supervisions.each(view, [&](std::string_view key, const Supervision& row) {
    for (const Part& part : row.parts) {
      if (row.over) continue;
      const auto column = static_cast<std::size_t>(part.state);
      if (++count[column] > most_cards) continue;
      std::string text = week_text(part.from) + " - " + week_text(part.until) + ", " + branch_of(row) + ", level " +
                         std::to_string(row.level) + ", " + EnumNameSupervisionTask(row.task);
      text += part.state == State::queued ? std::string(": ") + EnumNameSupervisionRefusalCode(part.why)
                                          : ": " + part.supervisor_id;
      cards[column] += (cards[column].empty() ? "" : ",") + card(parts_of_key(key).front(), text);
    }
  });
  std::string out;
  for (const auto& [column, title] :
       {std::pair<std::size_t, std::string>{0, "Waiting"}, {1, "Asked"}, {2, "Assigned"}}) {
    out += (out.empty() ? "" : ",") + std::string("{\"title\":") +
           iro::json::quoted(title + " (" + std::to_string(count[column]) + ")") + ",\"cards\":[" + cards[column] +
           "]}";
  }
  return "{\"columns\":[" + out + "]}";
}

std::string SupervisorPool::show_timeline(const iro::View& view) const {
  const auto only = view.argument<std::string>("supervision", "");
  const auto who = view.argument<std::string>("supervisor", "");
  std::string items;
  std::size_t count = 0;
  supervisions.each(view, [&](std::string_view key, const Supervision& row) {
    const std::string id = parts_of_key(key).front();
    if (!only.empty() && id != only) return true;
    for (const Part& part : row.parts) {
      if (!who.empty() && part.supervisor_id != who) continue;
      const std::string state = row.over                        ? "over"
                                : part.state == State::queued   ? "waits"
                                : part.state == State::assigned ? part.supervisor_id
                                                                : part.supervisor_id + " is asked";
      items += (items.empty() ? "" : ",") + std::string("{\"title\":") +
               iro::json::quoted(iro::words(id, ": ", state)) + ",\"from\":\"" + iro::iso(monday_of(part.from)) +
               "\",\"to\":\"" + iro::iso(monday_of(part.until + 1) - std::chrono::days(1)) + "\"}";
    }
    return ++count < most_cards;
  });
  return "{\"items\":[" + items + "]}";
}

std::string SupervisorPool::show_load(const iro::View& view) const {
  const Week from = week_asked(view);
  const Week until = from + weeks_asked(view) - 1;
  const auto branch = view.argument<std::string>("branch", "");
  const auto level = view.argument<std::uint8_t>("level", 0);
  const Needs needs = needs_of(*this, view, from, until);
  const std::vector<Supervisor> all = everybody(*this, view);
  std::string bars;
  const auto bar = [&](Week week, const char* what, std::uint64_t value) {
    bars += (bars.empty() ? "" : ",") + std::string("{\"label\":") + iro::json::quoted(week_text(week) + " " + what) +
            ",\"value\":" + std::to_string(value) + "}";
  };
  for (Week week = from; week <= until; ++week) {
    std::uint64_t seats = 0;
    for (const Supervisor& one : all) seats += room_in(one, week, config).seats;
    Need sum;
    for (const auto& [group, need] : needs) {
      if (std::get<0>(group) != week || (!branch.empty() && std::get<1>(group) != branch)) continue;
      if (level != 0 && std::get<2>(group) != level) continue;
      sum.assigned += need.assigned + need.offered;
      sum.waiting += need.waiting;
    }
    if (branch.empty() && level == 0) bar(week, "seats", seats);
    bar(week, "taken", sum.assigned);
    bar(week, "short", sum.waiting);
  }
  return "{\"bars\":[" + bars + "]}";
}

std::string SupervisorPool::show_weeks(const iro::View& view) const {
  const Week from = week_asked(view);
  const Week until = from + weeks_asked(view) - 1;
  const std::vector<Supervisor> all = everybody(*this, view);
  Table table{"week", "branch", "level", "assigned", "asked", "short", "free_seats"};
  for (const auto& [group, need] : needs_of(*this, view, from, until)) {
    const auto& [week, branch, level] = group;
    table.row() << week_text(week) << branch << level << need.assigned << need.offered << need.waiting
                << free_for(all, config, week, branch, level);
  }
  return table.json();
}

}  // namespace iro::pool

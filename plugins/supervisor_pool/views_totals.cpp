// Views that add up: places in teaching and summer weeks, costs, and what a plan from nothing would give.
#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "plugins/supervisor_pool/assignment.hpp"
#include "plugins/supervisor_pool/capacity.hpp"
#include "plugins/supervisor_pool/desk.hpp"
#include "plugins/supervisor_pool/view_text.hpp"

namespace iro::pool {

using namespace events;
using State = PartState;

/// Places of providers by week; one in summer counts as far as a teacher is there.
std::string SupervisorPool::show_places(const iro::View& view) const {
  const Week from = week_asked(view);
  const Week until = from + weeks_asked(view) - 1;
  const auto only = view.argument<std::string>("provider", "");
  std::map<std::pair<std::string, Week>, std::uint64_t> offered;
  places.each(view, [&](std::string_view, const Places& one) {
    if (!only.empty() && one.provider != only) return;
    for (const auto& [week, seats] : one.seats) {
      if (week >= from && week <= until) offered[{one.provider, week}] += seats;
    }
  });
  std::vector<Supervisor> teachers = everybody(*this, view);
  std::erase_if(teachers, [](const Supervisor& one) { return one.kind != SupervisorKind::teacher; });
  Table table{"provider", "week", "season", "offered", "usable"};
  for (const auto& [where, seats] : offered) {
    const bool summer = config.is_summer(week_of_year(where.second));
    std::uint64_t with_teacher = 0;
    for (const Supervisor& one : teachers) {
      if (one.training != SupervisorTraining::none) with_teacher += room_in(one, where.second, config).seats;
    }
    table.row() << where.first << week_text(where.second) << (summer ? "summer" : "teaching") << seats
                << (summer ? std::min(seats, with_teacher) : seats);
  }
  return table.json();
}

std::string SupervisorPool::show_costs(const iro::View& view) const {
  const Week week = week_asked(view);
  std::int64_t euros = 0;
  std::int64_t fte = 0;
  std::int64_t seats = 0;
  people.each(view, [&](std::string_view, const Supervisor& one) {
    if (one.fte_in(week) == 0) return;
    euros += euros_a_year(one, config);
    fte += one.fte_in(week);
    seats += room_in(one, week, config).seats;
  });
  std::int64_t students = 0;
  supervisions.each(view, [&](std::string_view, const Supervision& row) {
    const auto now = [&](const Part& part) {
      return part.state == State::assigned && part.from <= week && week <= part.until;
    };
    if (!row.over && takes_seats(row.task) && std::ranges::any_of(row.parts, now)) ++students;
  });
  std::uint64_t contact = 0;
  std::uint64_t travel = 0;
  hours.each(view, [&](std::string_view key, const Hours& one) {
    std::uint32_t number = 0;
    const std::string text = parts_of_key(key).back();
    std::from_chars(text.data(), text.data() + text.size(), number);
    if (static_cast<Week>(number) != week) return;
    for (const auto& line : one.lines) {
      contact += std::get<2>(line);
      travel += std::get<3>(line);
    }
  });
  Table table{"what", "value"};
  table.row() << "fte_hundredths" << fte;
  table.row() << "euros_a_year" << euros;
  table.row() << "seats" << seats;
  table.row() << "euros_a_seat" << (seats == 0 ? 0 : euros / seats);
  table.row() << "students" << students;
  table.row() << "euros_a_student" << (students == 0 ? 0 : euros / students);
  table.row() << "minutes_reported" << contact;
  table.row() << "travel_minutes_reported" << travel;
  return table.json();
}

namespace {

constexpr std::size_t most_replanned = 10'000;  // a view answers within a second

/// A student in this week, and whom they have.
struct Sitting {
  std::uint32_t kind = 0;
  std::uint32_t who = Assignment::nobody;
};
struct Totals {
  std::int64_t waiting = 0;
  std::int64_t travel = 0;
  std::int64_t fullest = 0;  // in hundredths of the seats
};

}  // namespace

/// What this week would be if everybody were given a supervisor anew, with LEMON: for a person who wonders whether the
/// pool has grown crooked. Nothing follows from it.
std::string SupervisorPool::show_replan(const iro::View& view) const {
  const Week week = week_asked(view);
  std::vector<Supervisor> all;
  std::map<std::string, std::uint32_t> number;
  people.each(view, [&](std::string_view key, const Supervisor& one) {
    number.emplace(parts_of_key(key).front(), static_cast<std::uint32_t>(all.size()));
    all.push_back(one);
  });
  // Who sits where. Whoever takes more than one seat stays: with sizes that differ it is no flow.
  using Alike = std::tuple<std::string, std::string, std::uint8_t, bool, Branch, bool>;
  std::map<Alike, std::uint32_t> kinds;
  std::vector<Supervision> of_kind;
  std::vector<Sitting> sitting;
  std::vector<std::uint32_t> planned(all.size(), 0);
  supervisions.each(view, [&](std::string_view, const Supervision& row) {
    const auto part = std::ranges::find_if(row.parts, [&](const Part& p) { return p.from <= week && week <= p.until; });
    if (row.over || part == row.parts.end() || share_of(row) != Share::students || seats_of(row, config) != 1) return;
    const Alike alike{row.area, row.school, row.level, row.has_branch, row.branch, in_summer(row, week, week, config)};
    const auto [at, fresh] = kinds.emplace(alike, static_cast<std::uint32_t>(of_kind.size()));
    if (fresh) of_kind.push_back(row);
    const auto who = number.find(part->supervisor_id);
    sitting.push_back({at->second, who == number.end() ? Assignment::nobody : who->second});
    if (who != number.end()) ++planned[who->second];
  });
  Table table{"what", "now", "planned_anew"};
  if (sitting.size() > most_replanned) return table.json();

  Assignment plan({.balance = config.balance_weight, .move = 0});
  for (std::size_t n = 0; n < all.size(); ++n) {
    const std::uint32_t seats = room_in(all[n], week, config).seats;
    const std::uint32_t used = all[n].used_in(week).seats;
    plan.add_supervisor({seats, std::min(seats, used - std::min(used, planned[n]))});
  }
  Part this_week;
  this_week.from = this_week.until = week;
  for (const Supervision& row : of_kind) {
    std::vector<Assignment::Option> options;
    for (std::uint32_t n = 0; n < all.size(); ++n) {
      if (const auto cost = cost_of(all[n], row, this_week, config)) options.push_back({n, *cost});
    }
    plan.add_kind(std::move(options), Assignment::most_cost / 10);
  }
  for (const Sitting& one : sitting) plan.add_student(one.kind);
  plan.solve();

  Totals now;
  Totals then;
  std::int64_t moved = 0;
  std::vector<std::uint32_t> anew(all.size(), 0);
  const auto count = [&](Totals& totals, std::uint32_t kind, std::uint32_t who) {
    if (who == Assignment::nobody) {
      ++totals.waiting;
    } else {
      totals.travel += travel_minutes(all[who].area, of_kind[kind].area, config.travel);
    }
  };
  for (std::uint32_t n = 0; n < sitting.size(); ++n) {
    const std::uint32_t who = plan.supervisor_of(n);
    count(now, sitting[n].kind, sitting[n].who);
    count(then, sitting[n].kind, who);
    if (who != Assignment::nobody) ++anew[who];
    if (sitting[n].who != Assignment::nobody && sitting[n].who != who) ++moved;
  }
  for (std::size_t n = 0; n < all.size(); ++n) {
    const std::int64_t seats = std::max<std::int64_t>(1, room_in(all[n], week, config).seats);
    const std::int64_t used = all[n].used_in(week).seats;
    now.fullest = std::max(now.fullest, 100 * used / seats);
    then.fullest = std::max(then.fullest, 100 * (used - planned[n] + anew[n]) / seats);
  }
  const auto students = static_cast<std::int64_t>(sitting.size());
  table.row() << "students" << students << students;
  table.row() << "waiting" << now.waiting << then.waiting;
  table.row() << "travel_minutes_one_way" << now.travel << then.travel;
  table.row() << "fullest_in_hundredths" << now.fullest << then.fullest;
  table.row() << "students_who_would_change" << 0 << moved;
  return table.json();
}

}  // namespace iro::pool

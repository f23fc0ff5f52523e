// plugins/chain_placement/plan.hpp: who is where when in a chain.
//
// A plan gives each student of the group at most one station in each period. The
// rules, none of which is ever broken:
//   1. in a period a station has no more students than seats;
//   2. a student is at no station twice (where the student has been counts);
//   3. nobody is where a Bar stands: closed weeks, a level that is not accepted,
//      no recognition (mbo), a day or week of the student that would hold too
//      many hours, a period in which the student cannot, a period too near;
//   4. what is fixed (it runs, or it has been) stays;
//   5. no plan needs more than most_changes changes, so that what follows from
//      it fits one event's answer.
// The objective, the first that differs decides:
//   a. as few legs without a place as can be. A failed leg that nobody places
//      is a change too, and the one that costs a student most; only behind it
//   b. as few changes as can be: legs that are not where they were before;
//   c. the first that is found in a fixed order, so that there is one answer: in
//      periods and students ascending, the station of before, then the lowest.
//
// The method is exact search. With rule 2 the periods hang together and what is
// asked is the completion of a Latin square, which is NP-hard, so a flow or a
// matching (one period each, exact without rule 2) only bounds it: depth first
// over the cells, cut where matchings of the periods that are left, the seats of
// the stations and the stations that a student has left cannot beat the best, and
// where the same stations were seen by all on a way that kept more. k is at most
// 6. The search ends at search_nodes; Plan::proven says whether it had to.
//
// Pure functions. Numbers in Cell and Grid count from 1; 0 is nowhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "plugins/chain_placement/weeks.hpp"

namespace iro::chain {

// Limits. Reaching one is refused (group_size_wrong, weeks_wrong), or told (not proven).
inline constexpr std::size_t most_students = 6;       // a leg of each in each period is 36 offers in one answer of 64
inline constexpr std::size_t most_stations = 8;       // two in reserve
inline constexpr std::size_t most_periods = 8;        // two to catch up in
inline constexpr std::size_t most_weeks = 104;        // of a chain, closed ones among them
inline constexpr unsigned most_changes = 15;          // of one planning again: four events each, of 64
inline constexpr std::size_t search_nodes = 100'000;  // well below the 250 ms that an event may take

/// [student][period], counted from 0, holding a station counted from 1.
using Grid = std::array<std::array<std::uint8_t, most_periods>, most_students>;

/// Why somebody cannot be there then. Permanent: nothing stores it, but refusals are named after it.
enum class Bar : std::uint8_t { none, closed_week, level, recognition, overbooked, unavailable, too_near };

struct Cell {
  std::uint8_t student = 0;
  std::uint8_t period = 0;
  std::uint8_t station = 0;
  bool operator==(const Cell&) const = default;
  void fields(auto& f) { f(student, period, station); }  // permanent: in state
};

struct Problem {
  std::uint8_t students = 0;
  std::uint8_t periods = 0;
  std::uint8_t stations = 0;
  std::array<std::array<std::uint8_t, most_stations>, most_periods> seats{};
  std::array<std::array<std::array<Bar, most_stations>, most_periods>, most_students> bars{};
  /// Where each was; of what failed nothing.
  Grid before{};
  std::array<std::array<bool, most_periods>, most_students> fixed{};
  /// Stations where a student has been and is in no cell: bit 0 is the first.
  std::array<std::uint32_t, most_students> been{};
  /// Legs that each still has to get, fixed ones not counted.
  std::array<std::uint8_t, most_students> need{};
};

struct Plan {
  Grid cells{};
  unsigned unplanned = 0;
  unsigned changes = 0;
  /// The search saw that there is nothing better.
  bool proven = true;
};

/// The best plan by the objective above. There always is one: failed legs without a place, all else as it was.
Plan replan(const Problem& problem);

/// Student s at station s + p: each provider has its number of students in every period.
Grid rotation(std::uint8_t k);

/// The cells that have a place, by student and period.
std::vector<Cell> seats_of(const Grid& cells);

/// Each student at each of the first k stations once, and at each station one student in each of the first k periods.
bool is_latin_square(const Grid& cells, std::uint8_t k);

enum class Broken : std::uint8_t { outside, student_twice, over_capacity, station_twice, barred, incomplete };
struct Finding {
  Broken rule{};
  Cell cell{};
  Bar bar = Bar::none;
};
/// What a plan breaks, in the order of its cells; empty: nothing. `incomplete` names a student with fewer legs than
/// needed.
std::vector<Finding> examine(const Problem& problem, const std::vector<Cell>& cells);

// ---- the calendar

struct Layout {
  Week start = 0;
  std::uint16_t opening = 0;
  std::uint16_t per_leg = 0;
  std::uint16_t closing = 0;
  std::uint8_t legs = 0;
  std::set<Week> closed{};  // the school's: they are skipped, and the end moves
};
struct Period {
  std::vector<Week> weeks;  // those in which one works; never empty
  [[nodiscard]] Week from() const { return weeks.front(); }
  [[nodiscard]] Week until() const { return weeks.back(); }
};
struct Calendar {
  std::vector<Period> periods;  // empty: it does not fit most_weeks, or there are no weeks in a leg
  unsigned weeks = 0;           // open ones: opening, legs, closing
};
Calendar lay_out(const Layout& layout);

// ---- goals

/// Gives each goal to one leg that serves it, so that no leg has more of them than must be (an optimal semi-matching).
/// `serves[goal]` lists legs; the answer holds each goal's leg, -1 where none serves it.
std::vector<int> divide(const std::vector<std::vector<int>>& serves, std::size_t legs);

}  // namespace iro::chain

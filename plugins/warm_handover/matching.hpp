// plugins/warm_handover/matching.hpp: which places fit a student, in what order, and why. Pure: no state, no clock.
//
// Hard, in this order: programme, level, year and learning path are accepted; a contract is possible for an employee
// (the offer names the path); the student can be there in one of the shifts, where both are said; the learning company
// is recognised (mbo; the caller asks its register); enough of the weeks have a free seat; the hours go with the
// student's other placements.
// The order of those that fit: more open goals can be reached; then more free weeks; then fewer shifts in which the
// student cannot be there; then nearer; then supervision is guaranteed by a named trainer, or else in more of the weeks
// the pool has somebody free for the level; then by id. Nearness is by postcode: how many leading digits agree.
// Neighbours across a boundary of areas seem far, and no travel time is known: a hint for people, and said so in the
// reason.
#pragma once

#include <cstdint>
#include <iro/events/handover.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "records.hpp"
#include "refusals.hpp"

namespace iro::handover {

/// Why the offer is not for this student; nothing: it is.
std::optional<Rule> misfit(const Place& place, const Need& need);

/// 0 (same four digits) to 4 (no digit in common); 5 when one of them is not four digits.
std::uint8_t travel_band(std::string_view from, std::string_view to);

/// Weeks from `begin` on with a seat that nobody has; `need.weeks` at most.
std::uint16_t free_weeks(const Place& place, const std::vector<Booking>& taken, const Need& need, sys_days begin);

/// Of the weeks that the pool has told of, in how many somebody of at least the student's level has a free seat;
/// nothing: it has told of none.
struct PoolWeeks {
  std::uint16_t free = 0;
  std::uint16_t told = 0;
};
std::optional<PoolWeeks> pool_weeks(const std::optional<PoolRoom>& room, const Need& need, sys_days begin);

/// Hours that a placement asks of a student.
struct Load {
  std::optional<sys_days> from;
  std::optional<sys_days> until;
  std::uint16_t hours_per_week = 0;
  std::uint8_t weekdays = 0;  // 0: Monday to Friday
};
struct Limits {
  std::uint16_t hours_week = 40;
  std::uint16_t hours_day = 10;
};
/// `added` beside the others that run at the same time; nothing: it goes.
std::optional<Rule> too_many_hours(const Load& added, const std::vector<Load>& others, const Limits& limits);

struct Candidate {
  std::string vacancy;
  Place place;
  std::map<std::string, std::string> served;
  std::map<std::string, std::string> missing;
  std::uint16_t weeks_free = 0;
  std::uint8_t band = 5;
  bool supervised = false;
  std::vector<events::Shift> shifts_possible;  // of those of the place, when both sides say theirs
  std::vector<events::Shift> shifts_not;
  std::optional<PoolWeeks> pool;
};
/// `pool`: pool_weeks() of the place's branch.
Candidate candidate_of(std::string vacancy, Place place, const Need& need, std::uint16_t weeks_free,
                       std::optional<PoolWeeks> pool, std::uint16_t least_supervision_minutes);
/// Does `a` stand before `b`? A strict total order of different vacancies.
bool before(const Candidate& a, const Candidate& b);

/// As it is proposed, with the reasons in both languages.
events::CandidateT proposal_of(const Candidate& candidate, const Need& need, std::uint16_t rank);

}  // namespace iro::handover

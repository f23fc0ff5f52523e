// plugins/chain_placement/weeks.hpp: ISO weeks as numbers that can be counted with.
//
// Events write a week as yyyyww (format "week"). Here a Week counts Mondays, so
// that the next week is one more and a year of 53 weeks is no special case.
// Pure values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace iro::chain {

/// Weeks since the one that holds 1 January 1970. Permanent: in state.
using Week = std::int32_t;

/// The Monday on which it begins.
inline std::chrono::sys_days monday_of(Week week) { return std::chrono::sys_days(std::chrono::days(7 * week - 3)); }

inline Week week_of(std::chrono::sys_days day) {
  const auto since = static_cast<std::int32_t>(day.time_since_epoch().count()) + 3;
  return since >= 0 ? since / 7 : -((6 - since) / 7);
}

/// yyyyww. An ISO week belongs to the year of its Thursday.
inline std::int32_t to_field(Week week) {
  const std::chrono::sys_days thursday = monday_of(week) + std::chrono::days(3);
  const std::chrono::year year = std::chrono::year_month_day(thursday).year();
  const auto day_of_year = (thursday - std::chrono::sys_days(year / 1 / 1)).count();
  return static_cast<std::int32_t>(static_cast<int>(year) * 100 + day_of_year / 7 + 1);
}

/// Nothing: the year has no such week (W53 of a year of 52), or the field is absent.
inline std::optional<Week> from_field(std::int32_t field) {
  if (field < 1970 * 100 + 1 || field > 9000 * 100 + 53) return std::nullopt;
  const std::chrono::year year{field / 100};
  const Week week = week_of(std::chrono::sys_days(year / 1 / 4)) + field % 100 - 1;  // 4 January is in week 1
  return to_field(week) == field ? std::optional(week) : std::nullopt;
}

}  // namespace iro::chain

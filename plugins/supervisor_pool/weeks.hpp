// plugins/supervisor_pool/weeks.hpp: weeks that can be counted. Pure.
//
// Events say a week as yyyyww (ISO 8601: it belongs to the year of its Thursday, and a year has 52 or 53). To count,
// compare and store them they are numbered: Week n has day 7n since 1970 as its Thursday. Week 0 is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace iro::pool {

using Week = std::int32_t;

inline std::chrono::sys_days monday_of(Week week) { return std::chrono::sys_days(std::chrono::days(week * 7 - 3)); }
inline Week week_of(std::chrono::sys_days day) { return static_cast<Week>((day.time_since_epoch().count() + 3) / 7); }

/// 202640. The inverse of week_from_field().
inline std::int32_t to_week_field(Week week) {
  const std::chrono::sys_days thursday = monday_of(week) + std::chrono::days(3);
  const std::chrono::year year = std::chrono::year_month_day(thursday).year();
  const auto day = (thursday - std::chrono::sys_days(year / 1 / 1)).count();
  return static_cast<std::int32_t>(static_cast<int>(year) * 100 + day / 7 + 1);
}
/// 0 when the field is no week: week 0, week 53 of a year that has 52, or a year before 1971 or behind 2199.
inline Week week_from_field(std::int32_t field) {
  const int year = field / 100;
  if (year < 1971 || year > 2199 || field % 100 == 0) return 0;
  const Week first = week_of(std::chrono::sys_days(std::chrono::year(year) / 1 / 4));
  const Week week = first + field % 100 - 1;
  return to_week_field(week) == field ? week : 0;
}
/// 40 of 202640.
inline int week_of_year(Week week) { return to_week_field(week) % 100; }
/// "2026-W40"
inline std::string week_text(Week week) {
  const std::int32_t field = to_week_field(week);
  const int of_year = field % 100;
  return std::to_string(field / 100) + (of_year < 10 ? "-W0" : "-W") + std::to_string(of_year);
}

}  // namespace iro::pool

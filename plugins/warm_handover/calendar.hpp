// plugins/warm_handover/calendar.hpp: days, ISO weeks and clocks of the rule. Days are UTC days: a deadline lasts until
// the end of its day. Week numbers are yyyyww, as fields with format "week" have them. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "iro/call.hpp"

namespace iro::handover {

using std::chrono::days;
using std::chrono::sys_days;

/// A date field; nothing when it is absent or no date of this century or the next.
inline std::optional<sys_days> day_of(std::int32_t field) {
  constexpr std::int32_t far = 84'000;  // in the year 2199: sums with weeks and years stay dates
  return field > 0 && field < far ? std::optional(date_of(field)) : std::nullopt;
}
inline std::int32_t field_of(const std::optional<sys_days>& day) { return day ? to_field(*day) : 0; }

inline sys_days monday_of(sys_days day) { return day - days(std::chrono::weekday(day).iso_encoding() - 1); }

/// ISO 8601: the week belongs to the year of its Thursday.
inline std::int32_t iso_week(sys_days day) {
  const sys_days thursday = monday_of(day) + days(3);
  const std::chrono::year year = std::chrono::year_month_day(thursday).year();
  const auto week = (thursday - sys_days(year / std::chrono::January / 1)).count() / 7 + 1;
  return static_cast<std::int32_t>(int{year} * 100 + week);
}

/// The first moment after that day.
inline Time end_of(sys_days day) { return Time(day + days(1)); }

}  // namespace iro::handover

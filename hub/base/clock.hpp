// hub/base/clock.hpp: time is given, never taken.
//
// Whoever needs the time gets a Clock& in the constructor or a TimeMs in the
// call. Only SystemClock asks the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/base/strong.hpp"

namespace iro {

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted. 0 means "not set".
using TimeMs = Strong<struct TimeMsTag, std::int64_t>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimeMs now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimeMs now() const override;
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimeMs start) : now_(start) {}
  [[nodiscard]] TimeMs now() const override { return now_; }
  void advance_ms(std::int64_t ms) { now_ = now_.plus(ms); }
  void set(TimeMs now) { now_ = now; }

 private:
  TimeMs now_;
};

/// Days since 1970-01-01 of a date in the Gregorian calendar, or nothing when there is no such day.
std::optional<std::int32_t> days_from_date(int year, int month, int day);
struct Date {
  int year;
  int month;
  int day;
};
Date date_from_days(std::int32_t days);

/// "2026-11-21T22:16:36.123Z"
std::string format_time(TimeMs time);
/// RFC 3339 with `Z` or an offset; fractions beyond milliseconds are cut off.
std::optional<TimeMs> parse_time(std::string_view text);
/// "2026-11-21"
std::string format_date(std::int32_t days);
std::optional<std::int32_t> parse_date(std::string_view text);

/// Months since year 0 (year x 12 + month - 1): the unit in which bodies expire.
std::uint32_t month_of(TimeMs time);

}  // namespace iro

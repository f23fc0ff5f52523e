// Dates and times as people and protocols write them.
#include "hub/base/clock.hpp"

#include "tests/catch.hpp"

using namespace iro;

TEST_CASE("base: a date is a number of days since 1970, and back") {
  CHECK(days_from_date(1970, 1, 1) == 0);
  CHECK(days_from_date(1969, 12, 31) == -1);
  CHECK(days_from_date(2000, 2, 29) == 11'016);
  CHECK(days_from_date(1, 1, 1) == -719'162);
  CHECK(days_from_date(9999, 12, 31) == 2'932'896);
  for (std::int32_t days = -719'162; days <= 2'932'896; days += 997) {
    const Date d = date_from_days(days);
    CHECK(days_from_date(d.year, d.month, d.day) == days);
    CHECK(parse_date(format_date(days)) == days);
  }
}

TEST_CASE("base: a day that does not exist is no date") {
  CHECK_FALSE(days_from_date(2026, 2, 29).has_value());
  CHECK_FALSE(days_from_date(1900, 2, 29).has_value());
  CHECK_FALSE(days_from_date(2026, 13, 1).has_value());
  CHECK_FALSE(days_from_date(0, 1, 1).has_value());
  for (const char* text : {"", "2026-11-2", "2026-1-02", "26-11-21", "2026-11-31", "2026-11-21 ", "2026/11/21",
                           "2026-11-00", "-026-11-21", "2026-+1-21"}) {
    INFO(text);
    CHECK_FALSE(parse_date(text).has_value());
  }
}

TEST_CASE("base: times are written in UTC with milliseconds") {
  CHECK(format_time(TimeMs(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(format_time(TimeMs(-1)) == "1969-12-31T23:59:59.999Z");
  CHECK(format_time(TimeMs(1'795'299'396'123)) == "2026-11-21T22:16:36.123Z");
  for (const std::int64_t ms :
       {-86'400'001LL, -86'400'000LL, -1LL, 0LL, 1LL, 1'795'299'396'123LL, 253'402'300'799'999LL}) {
    CHECK(parse_time(format_time(TimeMs(ms))) == TimeMs(ms));
  }
}

TEST_CASE("base: times of RFC 3339 are read with any offset and any number of decimals") {
  CHECK(parse_time("2026-11-21T23:16:36.123+01:00") == parse_time("2026-11-21T22:16:36.123Z"));
  CHECK(parse_time("2026-11-21T20:46:36-01:30") == parse_time("2026-11-21T22:16:36Z"));
  CHECK(parse_time("2026-11-21t22:16:36z") == parse_time("2026-11-21T22:16:36Z"));
  CHECK(parse_time("2026-11-21T22:16:36.1239999999Z") == parse_time("2026-11-21T22:16:36.123Z"));
  CHECK(parse_time("2026-11-21T22:16:36.5Z") == parse_time("2026-11-21T22:16:36.500Z"));
  for (const char* text : {"", "2026-11-21", "2026-11-21T22:16:36", "2026-11-21 22:16:36Z", "2026-11-21T24:00:00Z",
                           "2026-11-21T22:60:00Z", "2026-11-21T22:16:36.Z", "2026-11-21T22:16:36+0100",
                           "2026-11-21T22:16:36+24:00", "2026-11-21T22:16:36Zx", "2026-02-30T22:16:36Z"}) {
    INFO(text);
    CHECK_FALSE(parse_time(text).has_value());
  }
}

TEST_CASE("base: months count from year 0") {
  CHECK(month_of(TimeMs(0)) == 1970 * 12);
  CHECK(month_of(TimeMs(-1)) == 1969 * 12 + 11);
  CHECK(month_of(*parse_time("2026-11-21T22:16:36Z")) == 2026 * 12 + 10);
}

TEST_CASE("base: a manual clock stands still until it is told") {
  ManualClock clock(TimeMs(100));
  CHECK(clock.now() == TimeMs(100));
  clock.advance_ms(5);
  CHECK(clock.now() == TimeMs(105));
  clock.set(TimeMs(1));
  CHECK(clock.now() == TimeMs(1));
  CHECK(SystemClock().now() > TimeMs(1'700'000'000'000));
}

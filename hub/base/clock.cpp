#include "hub/base/clock.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace iro {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/// Exactly `width` digits at `at`, moving on; -1 when they are not there.
int digits(std::string_view text, std::size_t& at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  const auto* first = text.data() + at;
  const auto [end, ec] = std::from_chars(first, first + width, value);
  if (ec != std::errc{} || end != first + width || *first == '-' || *first == '+') return -1;
  at += width;
  return value;
}

bool literal(std::string_view text, std::size_t& at, char c) {
  if (at >= text.size() || text[at] != c) return false;
  ++at;
  return true;
}

}  // namespace

TimeMs SystemClock::now() const {
  using namespace std::chrono;
  return TimeMs(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

std::optional<std::int32_t> days_from_date(int year, int month, int day) {
  if (year < 1 || year > 9999 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                        std::chrono::day(static_cast<unsigned>(day))};
  if (!ymd.ok()) return std::nullopt;
  return static_cast<std::int32_t>(std::chrono::sys_days(ymd).time_since_epoch().count());
}

Date date_from_days(std::int32_t days) {
  const std::chrono::year_month_day ymd{std::chrono::sys_days(std::chrono::days(days))};
  return {int(ymd.year()), int(unsigned(ymd.month())), int(unsigned(ymd.day()))};
}

std::string format_date(std::int32_t days) {
  const Date d = date_from_days(days);
  return fmt::format("{:04}-{:02}-{:02}", d.year, d.month, d.day);
}

std::optional<std::int32_t> parse_date(std::string_view text) {
  std::size_t at = 0;
  const int year = digits(text, at, 4);
  if (year < 0 || !literal(text, at, '-')) return std::nullopt;
  const int month = digits(text, at, 2);
  if (month < 0 || !literal(text, at, '-')) return std::nullopt;
  const int day = digits(text, at, 2);
  if (day < 0 || at != text.size()) return std::nullopt;
  return days_from_date(year, month, day);
}

std::string format_time(TimeMs time) {
  const std::int64_t days = floor_div(time.value(), day_ms);
  const std::int64_t rest = time.value() - days * day_ms;
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", format_date(static_cast<std::int32_t>(days)), rest / 3'600'000,
                     rest / 60'000 % 60, rest / 1'000 % 60, rest % 1'000);
}

std::optional<TimeMs> parse_time(std::string_view text) {
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't')) return std::nullopt;
  const auto days = parse_date(text.substr(0, 10));
  std::size_t at = 11;
  const int hour = digits(text, at, 2);
  if (!days || hour < 0 || hour > 23 || !literal(text, at, ':')) return std::nullopt;
  const int minute = digits(text, at, 2);
  if (minute < 0 || minute > 59 || !literal(text, at, ':')) return std::nullopt;
  const int second = digits(text, at, 2);
  if (second < 0 || second > 60) return std::nullopt;
  int ms = 0;
  if (literal(text, at, '.')) {
    int weight = 100;
    const std::size_t first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, weight /= 10) ms += (text[at] - '0') * weight;
    if (at == first) return std::nullopt;
  }
  std::int64_t offset_min = 0;
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else {
    const int sign = literal(text, at, '+') ? 1 : literal(text, at, '-') ? -1 : 0;
    const int oh = sign == 0 ? -1 : digits(text, at, 2);
    if (oh < 0 || oh > 23 || !literal(text, at, ':')) return std::nullopt;
    const int om = digits(text, at, 2);
    if (om < 0 || om > 59) return std::nullopt;
    offset_min = sign * (oh * 60 + om);
  }
  if (at != text.size()) return std::nullopt;
  return TimeMs(*days * day_ms + ((hour * 60 + minute - offset_min) * 60 + second) * 1'000 + ms);
}

std::uint32_t month_of(TimeMs time) {
  const Date d = date_from_days(static_cast<std::int32_t>(floor_div(time.value(), day_ms)));
  return static_cast<std::uint32_t>(d.year * 12 + d.month - 1);
}

}  // namespace iro

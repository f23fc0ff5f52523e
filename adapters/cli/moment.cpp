#include "adapters/cli/moment.hpp"

#include <fmt/format.h>

#include <charconv>
#include <ctime>

#include "hub/base/bytes.hpp"

namespace iro::cli {
namespace {

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t day_ms = 86'400 * second_ms;

std::int64_t unit_ms(char unit) {
  switch (unit) {
    case 's':
      return second_ms;
    case 'm':
      return 60 * second_ms;
    case 'h':
      return 3'600 * second_ms;
    case 'd':
      return day_ms;
    default:
      return 0;
  }
}

std::tm local(TimeMs time) {
  const std::time_t seconds = time.value() / second_ms;
  std::tm out{};
  ::localtime_r(&seconds,
                &out);  // style: wall-clock, because people read local time; it is told which, and asks no clock
  return out;
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  if (text.size() < 2 || unit_ms(text.back()) == 0) return std::nullopt;
  std::int64_t count = 0;
  const auto* end = text.data() + text.size() - 1;
  const auto [at, ec] = std::from_chars(text.data(), end, count);
  constexpr std::int64_t most = 100'000'000;  // no duration that anybody means overflows a product
  if (ec != std::errc{} || at != end || count < 0 || count > most) return std::nullopt;
  return count * unit_ms(text.back());
}

Result<Position> parse_position(std::string_view text, TimeMs now) {
  Position out;
  if (text == "beginning") return Position{wire::From::beginning, {}, {}, {}};
  if (text == "now") return Position{wire::From::now, {}, {}, {}};
  if (text.starts_with("token:")) {
    out.from = wire::From::token;
    if (from_hex(text.substr(6), out.token.b)) return out;
    return fail(Errc::invalid_argument, fmt::format("'{}': a token is 32 characters of hexadecimal", text));
  }
  if (text.starts_with("event:")) {
    const auto id = parse_id(text.substr(6));
    if (!id) return fail(id.error());
    out.from = wire::From::event;
    out.event = *id;
    return out;
  }
  out.from = wire::From::time;
  if (const auto ago = parse_duration(text)) {
    out.time = now.plus(-*ago);
  } else if (const auto time = parse_time(text)) {
    out.time = *time;
  } else if (const auto days = parse_date(text)) {
    out.time = TimeMs(*days * day_ms);
  } else {
    return fail(
        Errc::invalid_argument,
        fmt::format("'{}': use beginning, now, 2h (ago), 2026-11-21, 2026-11-21T10:00:00Z, event:ID or token:HEX",
                    text));
  }
  return out;
}

Result<TimeMs> parse_expiry(std::string_view text, TimeMs now) {
  if (const auto ahead = parse_duration(text)) return now.plus(*ahead);
  if (const auto time = parse_time(text)) return *time;
  return fail(Errc::invalid_argument,
              fmt::format("'{}': use a duration such as 2h, or a time such as 2026-11-21T10:00:00Z", text));
}

Result<EventId> parse_id(std::string_view text) {
  if (const auto id = parse_event_id(text)) return *id;
  return fail(Errc::invalid_argument,
              fmt::format("'{}' is no event id: those look like 0190b2c4-7e1f-7abc-8def-0123456789ab", text));
}

std::string local_time(TimeMs time, TimeMs now) {
  const std::tm t = local(time);
  const std::tm today = local(now);
  const std::string clock = fmt::format("{:02}:{:02}:{:02}", t.tm_hour, t.tm_min, t.tm_sec);
  if (t.tm_year == today.tm_year && t.tm_yday == today.tm_yday) return clock;
  return fmt::format("{:04}-{:02}-{:02} {}", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, clock);
}

}  // namespace iro::cli

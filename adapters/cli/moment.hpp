// adapters/cli/moment.hpp: times and places in the log, as people type them.
//
// Pure; any thread. Everything fails with invalid_argument, and the text says
// what would have been right.
#pragma once

#include <string>
#include <string_view>

#include "hub/base/clock.hpp"
#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"
#include "hub/schema/frames.hpp"

namespace iro::cli {

/// "90s", "15m", "2h", "3d": milliseconds.
std::optional<std::int64_t> parse_duration(std::string_view text);

/// Where to begin: beginning, now, token:HEX, event:ID, an RFC 3339 time, a date, or a
/// duration ("2h": that long ago).
struct Position {
  wire::From from = wire::From::cursor;
  Token token;
  TimeMs time;
  EventId event;
};
Result<Position> parse_position(std::string_view text, TimeMs now);

/// A moment ahead: an RFC 3339 time, or a duration from now.
Result<TimeMs> parse_expiry(std::string_view text, TimeMs now);

Result<EventId> parse_id(std::string_view text);

/// "22:16:36" of that day in the machine's own time zone; with the date when it is another day than `now`.
std::string local_time(TimeMs time, TimeMs now);

}  // namespace iro::cli

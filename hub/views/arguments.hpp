// hub/views/arguments.hpp: what a query's JSON arguments say.
//
// Pure. Anything that is not understood is refused with arguments_invalid and
// the name of the argument: one that is passed over silently would show people
// more than they asked for. Arguments come from outside: any bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/base/clock.hpp"
#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"
#include "hub/views/search.hpp"

namespace iro::views {

inline constexpr std::size_t default_limit = 100;
inline constexpr std::size_t most_limit = 1'000;  // rows of one answer: some 0.6 MB of envelopes

struct EventsArguments {
  std::string type;  // full or short name, or all that begin so: "vacancy."
  std::string subject;
  std::string person;  // the pseudonym: only what the asker sees in full, or sent
  std::optional<EventId> correlation;
  std::optional<TimeMs> since;  // recorded at or after
  std::optional<TimeMs> until;  // recorded before
  std::optional<Token> from;    // "next" of an earlier answer
  Order order = Order::newest;
  std::size_t limit = default_limit;
  bool data = false;       // payloads too
  bool exporting = false;  // "export": what is shown leaves the region's systems; the access log says so
};
Result<EventsArguments> parse_events_arguments(std::string_view json);

/// What an asker says that it asks for, for the access log: {"purpose": TEXT}, beside the view's own arguments; "" when
/// it does not say.
std::string purpose_in(std::string_view json);
/// Whether an asker of `events` says that it takes away what is shown: {"export": true}.
bool is_export(std::string_view json);

/// {"id": UUID}
Result<EventId> parse_event_arguments(std::string_view json);

/// {"ref": of a parked event, "types": [full names that the rule hears], "limit": 1 to 1000}
struct QuarantineArguments {
  Token ref;
  std::vector<std::string> types;
  std::size_t limit = 100;
};
Result<QuarantineArguments> parse_quarantine_arguments(std::string_view json);

/// {"id": UUID, "member": slug}
struct WhyNotArguments {
  EventId id;
  std::string member;
};
Result<WhyNotArguments> parse_why_not_arguments(std::string_view json);

}  // namespace iro::views

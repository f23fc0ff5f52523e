// hub/whatif/shown.hpp: events as the candidate is shown them: of the log, of its own timers, of what it said itself.
//
// Each keeps its content in memory of its own, aligned and in the clear, until
// the candidate has answered. Pure, but for the keys.
#pragma once

#include <string>

#include "hub/log/event_log.hpp"
#include "hub/whatif/candidate.hpp"
#include "hub/whatif/replay.hpp"

namespace iro::whatif {

/// The payload in the clear; nothing when it is gone: erased, or removed by retention.
Result<std::optional<Bytes>> content_of(const Region& region, const log::ChunkView& view, const log::EntryView& e);

/// An event of the log; a marker when `content` is nothing.
struct FromLog {
  const schema::EventType& type;
  std::string_view source;
  std::string_view sender;
  bool judged = false;
  std::optional<Bytes> content;
};
Shown show_event(const Region& region, const log::ChunkView& view, std::uint32_t index, FromLog from);

/// A timer of the candidate that fires at `time`, recorded at `now`.
Shown show_timer(const Region& region, const Trial& trial, const Candidate::Due& timer, TimeMs time, TimeMs now);

/// What the candidate said in answer to `cause`, as `ordinal`-th; it verifies.
Shown show_own(const Region& region, const Trial& trial, const Shown& cause, const reaction::Emit& emit,
               std::uint32_t ordinal, TimeMs now);

}  // namespace iro::whatif

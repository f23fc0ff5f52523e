// hub/whatif/recording.hpp: what the log holds of the plugin itself, found in one pass over the headers.
//
// The replay leaves these events out, knows where the old version's timers
// fired, and compares by cause. Memory is bounded by what the plugin has said,
// not by the log. Pure reading; one thread.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/log/event_log.hpp"
#include "hub/schema/registry.hpp"

namespace iro::whatif {

/// An event that the plugin answered. The replay fills it in when it comes by.
struct RecordedCause {
  AtomNo type;  // 0: not found yet
  TimeMs at;
  bool unseen = false;  // its content is gone, or the candidate failed on it
};

struct Recording {
  std::vector<std::string> atoms;            // [no - 1]
  std::unordered_map<EventId, Seq> emitted;  // by the plugin
  std::unordered_map<EventId, Seq> firings;  // of its timers
  std::unordered_map<EventId, RecordedCause> causes;

  [[nodiscard]] const std::string& text(AtomNo no) const { return atoms.at(no.value() - 1); }
  /// Does the log have it behind `than`?
  [[nodiscard]] static bool later(const std::unordered_map<EventId, Seq>& in, const EventId& id, Seq than) {
    const auto at = in.find(id);
    return at != in.end() && at->second > than;
  }
};

/// Chunks of [from, through], in order; `bodies` = false reads headers only.
Status each_chunk(log::LogReader& reader, Seq from, Seq through, bool bodies,
                  const std::function<Status(const log::ChunkView&)>& use);

/// Events that `plugin` said have the source "...:systeem:plugin-PLUGIN"; firings are those with its id as subject.
Result<Recording> read_recording(log::LogReader& reader, Seq through, const std::string& plugin);

}  // namespace iro::whatif

// hub/reaction/plugin.hpp: the seam behind which plugins react (design 8).
//
// A plugin is a deterministic function of an event, its configuration and its
// own state. What it answers is a verdict (when it judges the type) and an
// effect set. The core calls a Runner with the events of the open batch and
// gets Results back as inputs; until all have come the batch stays open.
// Results are applied in (event, plugin id) order, so the outcome does not
// depend on who answers first.
#pragma once

#include <string>
#include <vector>

#include "hub/log/event_log.hpp"
#include "hub/schema/event.hpp"

namespace iro::reaction {

struct PluginSpec {
  std::string id;                   // [a-z0-9-]; also the system name in the source of what it emits
  std::vector<std::string> reacts;  // event types it is shown
  std::vector<std::string> judges;  // event types it may refuse; at most one judge a type
};

struct CallEvent {
  std::uint32_t item = 0;   // which event of the batch
  schema::EventView event;  // valid until the result is given back
};

struct Call {
  std::string plugin;
  bool judging = false;  // verdicts are wanted; effects too
  std::vector<CallEvent> events;
};

enum class Ruling : std::uint8_t { accept, reject, hold };

struct Emit {
  std::string type;
  Bytes payload;
};

/// A plugin's own state. With a person it is kept under that person's key, and goes with it.
struct StateChange {
  Bytes key;                   // carries no pseudonym
  std::optional<Bytes> value;  // nothing = delete
  std::string person;
};

struct Outcome {
  std::uint32_t item = 0;
  Ruling ruling = Ruling::accept;
  std::string reason;  // for people, when rejected or held
  std::vector<Emit> emits;
  std::vector<StateChange> state;
  std::vector<log::TimerRow> timers;
};

struct Result {
  std::string plugin;
  bool judging = false;
  std::vector<Outcome> outcomes;  // any order; an event without one is accepted without effects
};

}  // namespace iro::reaction

// hub/reaction/plugin.hpp: what is asked of a plugin, and what it answers (design 8).
//
// A plugin is a deterministic function of an event, its configuration and its
// own state. The core asks by Calls and gets Results back as inputs; whoever
// carries the calls out (hub/reaction/runner.hpp) may do it in any order and at
// any speed. One call a plugin is outstanding at a time. Values.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/log/event_log.hpp"
#include "hub/schema/event.hpp"

namespace iro::reaction {

/// What becomes of events that a judge cannot be asked about (it is suspended).
enum class OnUnavailable : std::uint8_t { hold, reject, pass };

/// A list or picture that a plugin shows to people.
struct ViewSpec {
  std::string name;
  std::string kind;  // table, board, timeline or chart
  std::string nl;
  std::string en;
  std::vector<std::string> readers = {};  // roles of members who may ask for it; operators always may
};

/// A plugin as the core knows it: from its manifest and the operator's event that enabled it.
struct PluginSpec {
  std::string id;                        // [a-z][a-z0-9-]{1,39}; also the system name in the source of what it emits
  std::vector<std::string> reacts = {};  // event types it is shown
  std::vector<std::string> judges = {};  // event types it may refuse or hold; at most one judge a type
  std::vector<std::string> emits = {};   // event types it may emit
  OnUnavailable on_unavailable = OnUnavailable::hold;
  std::vector<ViewSpec> views = {};
  std::uint64_t state_bytes = 64U << 20;  // what it may keep, keys and values; over it, it is suspended
};

/// What a rule must know of the time before it was there: who the members are, their grants, and the code lists.
[[nodiscard]] bool is_reference(std::string_view type);

enum class EventKind : std::uint8_t { event = 1, timer = 2, erased = 3 };  // permanent: on the wire to the child

struct CallEvent {
  std::uint32_t item = 0;  // the core's own number for it; comes back in the outcome
  EventKind kind = EventKind::event;
  bool judged = false;      // a verdict is wanted; effects too
  schema::EventView event;  // points into what Call::memory keeps
  std::string sender;       // the member's slug; "hub" for what the hub and plugins say
  std::string_view person;  // the pseudonym it is about; "" = none
  Bytes key;                // of a timer
  TimeMs due;               // of a timer
};

struct Call {
  std::string plugin;
  std::uint64_t no = 0;  // of this plugin's calls; the result has the same
  TimeMs now;            // the time that the plugin is told
  bool alone = false;    // in a fresh process, after a failure
  std::vector<CallEvent> events;
  std::vector<std::shared_ptr<const void>> memory;  // keeps the events alive until the result is given back
};

enum class Ruling : std::uint8_t { accept = 0, reject = 1, hold = 2 };  // permanent: on the wire to the child

/// Why, for people. `code` is the rule's own name, [a-z0-9_].
struct Note {
  std::string code;
  std::string nl;
  std::string en;
  bool operator==(const Note&) const = default;
};

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

struct TimerChange {
  Bytes key;
  std::optional<TimeMs> due;  // nothing = cancel
  std::string person;
};

/// The plugin's word on an event that it holds.
struct HeldWord {
  EventId event;
  bool release = false;  // false: it is refused, with the note
  Note note;
};

struct Outcome {
  std::uint32_t item = 0;
  Ruling ruling = Ruling::accept;
  Note verdict;  // when rejected or held
  std::vector<Note> notes;
  std::vector<Emit> emits;
  std::vector<StateChange> state;
  std::vector<TimerChange> timers;
  std::vector<HeldWord> held;
};

/// Why a call did not come to its end. Permanent names: `iro plugin parked` shows them.
enum class Failure : std::uint8_t {
  none,
  crashed,   // the process ended
  deadline,  // an event took longer than its hard deadline: the process was ended
  garbage,   // it answered what cannot be read, or broke a limit that the host does not let pass
  failed,    // on_event returned an error
  start,     // the process or the plugin in it could not be started
  stopped,   // the process was ended for a reason of ours (restart(), shutdown)
};
std::string_view name_of(Failure failure);

/// The answer to a call: the outcomes of its first events, in order; of all of
/// them when `failure` is none. The event that failed is the one behind the last
/// outcome (or a later one, when answers were lost with the process).
struct Result {
  std::string plugin;
  std::uint64_t no = 0;
  std::vector<Outcome> outcomes;
  Failure failure = Failure::none;
  std::string why;  // for the operator; no payload, no personal data
};

/// Keys and values, as a plugin sees them; nothing = removed.
using StateMap = std::map<Bytes, std::optional<Bytes>, BytesLess>;

/// A plugin reads its state: one key, or all keys with a prefix.
struct StateAsk {
  std::string plugin;
  std::uint32_t request = 0;
  bool prefix = false;
  Bytes key;
};
struct StateAnswer {
  std::string plugin;
  std::uint32_t request = 0;
  std::vector<std::pair<Bytes, Bytes>> rows;  // ascending keys; nothing found = none
};

/// A person's question to a plugin; answered between calls, reading only.
struct ViewAsk {
  std::string plugin;
  std::uint64_t no = 0;
  std::string view;
  std::string args;  // a JSON object
  TimeMs now;
  std::string asker;  // the member's slug
};
struct ViewAnswer {
  std::string plugin;
  std::uint64_t no = 0;
  iro::Result<std::string> json;
};

}  // namespace iro::reaction

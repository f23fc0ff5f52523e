// hub/whatif/report.hpp: what would have been different, and what could not be seen.
//
// A report names events by id, type and subject, and keys of state: never a
// payload, a value or a pseudonym, so it may be printed and kept. Values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hub/base/clock.hpp"
#include "hub/base/ids.hpp"
#include "hub/reaction/plugin.hpp"

namespace iro::whatif {

/// An event, as a report speaks of it.
struct Named {
  EventId id;
  std::string type;
  std::string subject;
  TimeMs at;  // recorded; of what only the replay has: when it would have been
};

/// What the rule says in answer to `cause`.
struct EventDifference {
  std::string type;
  std::string subject;
  EventId cause;
  std::string cause_type;
  TimeMs at;                        // of the cause
  std::vector<std::string> fields;  // of what it says otherwise: the names of those that differ
};

/// What becomes of an event that the rule judges.
enum class Fate : std::uint8_t {
  accepted,
  held,      // and still is
  let_out,   // the rule held it first
  rejected,  // at once, or after it was held
};
struct VerdictDifference {
  Named event;
  Fate recorded = Fate::accepted;
  Fate replayed = Fate::accepted;
  reaction::Note note;  // of the replay, when it rejects or holds
};

struct TimerDifference {
  Bytes key;
  std::optional<TimeMs> recorded;  // nothing: it is not set
  std::optional<TimeMs> replayed;
};

/// The hub would not have taken it: a type that it may not say, a payload that does not verify, too many hops.
struct RefusedEmit {
  Named cause;
  std::string type;
  Errc code = Errc::internal;
};

/// The candidate failed on it twice, the second time alone in a fresh process: the hub would have parked it.
struct Failed {
  Named event;
  std::string why;
};

/// How many there are, and the first of them.
template <typename T>
struct Some {
  std::uint64_t count = 0;
  std::vector<T> first;
  void add(T one, std::size_t most) {
    ++count;
    if (first.size() < most) first.push_back(std::move(one));
  }
};

struct Report {
  std::string plugin;
  std::string version;
  bool recorded_before = false;  // this log has seen a plugin of the id
  bool recorded_behind = false;  // it had not yet answered everything
  std::size_t recorded_parked = 0;
  std::optional<TimeMs> heard_from;  // the rule was new then; before, it only read who the members were
  TimeMs since;                      // compared from here on
  TimeMs until;                      // of the last event that was looked at
  Seq through;
  Hash head{};

  std::uint64_t events = 0;    // of the log
  std::uint64_t shown = 0;     // to the candidate
  std::uint64_t firings = 0;   // of its own timers
  std::uint64_t emitted = 0;   // since `since`
  std::uint64_t recorded = 0;  // of the old version, since `since`
  std::uint64_t same = 0;      // of these

  Some<EventDifference> more;
  Some<EventDifference> gone;
  Some<EventDifference> otherwise;
  std::map<std::pair<Fate, Fate>, Some<VerdictDifference>> verdicts;  // recorded, replayed
  bool state_compared = false;                                        // not when the replay ends before the log does
  std::uint64_t state_same = 0;
  Some<Bytes> state_more;  // keys
  Some<Bytes> state_gone;
  Some<Bytes> state_otherwise;
  Some<TimerDifference> timers;
  Some<RefusedEmit> refused;
  Some<Failed> failed;

  struct Unseen {
    std::uint64_t erased = 0;   // shown as a marker: the person's key is gone
    std::uint64_t expired = 0;  // shown as a marker: retention has removed the content
    std::uint64_t sealed = 0;   // shown as the hub has it: closed to every rule
    std::uint64_t waiting = 0;  // not shown: they stand behind one of the same subject that failed
    std::uint64_t emitted = 0;  // what the old version said, or its cause, has no content left
    std::uint64_t judged = 0;   // verdicts on events whose content is gone
    std::uint64_t state = 0;    // recorded values whose person was erased meanwhile
  } unseen;

  [[nodiscard]] std::uint64_t differences() const {
    std::uint64_t out = more.count + gone.count + otherwise.count + state_more.count + state_gone.count +
                        state_otherwise.count + timers.count + refused.count + failed.count;
    for (const auto& [fates, some] : verdicts) out += some.count;
    return out;
  }
};

}  // namespace iro::whatif

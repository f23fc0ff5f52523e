// hub/reaction/child_messages.hpp: what the hub and a plugin's process say to each other.
//
// A small explicit little-endian codec. Hub and iro-plugin-host are of one
// build and one machine, so the layout may change with `protocol`; nothing of it
// is on disk. The child is not believed: decode_from_child() accepts any bytes
// and refuses what cannot be read (frame_malformed) or breaks a limit of
// iro/plugin.h (limit_reached). decode_from_hub() is as strict, because it costs
// nothing. What a decoder gives points into the bytes it was given, unless its
// type owns.
//
// A payload in a Call stands at a multiple of 16 from the start of the message:
// in memory that is aligned so, a plugin can be shown it without a copy.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "hub/base/bytes.hpp"
#include "hub/base/error.hpp"
#include "hub/reaction/plugin.hpp"

namespace iro::reaction::child {

inline constexpr std::uint16_t protocol = 2;
inline constexpr std::size_t payload_alignment = 16;

// ------------------------------------------------------------ hub -> child

/// The first message: who the process is, and what it may do.
struct Begin {
  std::string plugin;
  std::string version;
  std::uint16_t abi_major = 0;
  std::uint16_t abi_minor = 0;
  std::string object;  // path
  Hash sha256{};       // of the object
  std::string config;  // JSON
  bool builtin_schemas = true;
  std::vector<Bytes> schemas;  // .bfbs, besides the built-in ones
  std::vector<std::string> emits;
  bool judge = false;            // it may say release and refuse
  bool log_denied = false;       // authors: what the sandbox denies is told and refused, not deadly
  std::uint32_t memory_mib = 0;  // beyond what the host itself takes
};

/// One event of a call, in place.
struct EventIn {
  std::uint32_t item = 0;
  EventKind kind = EventKind::event;
  bool judged = false;
  schema::EventView event;
  std::string_view sender;
  std::string_view person;
  ByteView key;
  TimeMs due;
};
struct CallIn {
  std::uint64_t no = 0;
  TimeMs now;
  std::vector<EventIn> events;
};

/// A part of the answer to a StateAsk; the rows of all parts in their order are the answer.
struct StatePage {
  std::uint32_t request = 0;
  bool last = true;
  std::vector<std::pair<ByteView, ByteView>> rows;
};

struct Show {
  std::uint64_t no = 0;
  TimeMs now;
  std::string_view view;
  std::string_view args;
  std::string_view asker;
};

using FromHub = std::variant<Begin, CallIn, StatePage, Show>;

Bytes encode(const Begin& begin);
Bytes encode(const Call& call);
Bytes encode(const Show& show);
/// The page of `answer` that begins with row `from`; moves `from` behind it.
Bytes encode_page(const StateAnswer& answer, std::size_t& from);
iro::Result<FromHub> decode_from_hub(ByteView message);

// ------------------------------------------------------------ child -> hub

struct Ready {};
/// The plugin could not be started, and the process ends.
struct Failed {
  std::string_view why;
};
struct Outcomes {
  std::uint64_t no = 0;
  bool last = false;  // the call is at its end, and went well: one packet less than a CallDone
  std::vector<Outcome> outcomes;
};
/// The call came to an end before its last event.
struct CallDone {
  std::uint64_t no = 0;
  std::string_view why;
};
struct Ask {
  std::uint32_t request = 0;
  bool prefix = false;
  ByteView key;
};
struct Shown {
  std::uint64_t no = 0;
  bool good = false;
  std::string_view text;  // JSON, or why not
};
struct LogLine {
  std::string_view text;
};
/// Sent by the host's signal handler: what the plugin did before the signal ends it.
enum class LastWord : std::uint8_t { wrote_to_input = 1, stack_overflow = 2, read_clock = 3 };

using FromChild = std::variant<Ready, Failed, Outcomes, CallDone, Ask, Shown, LogLine, LastWord>;

Bytes encode(const Ready& ready);
Bytes encode(const Failed& failed);
Bytes encode(const CallDone& done);
Bytes encode(const Ask& ask);
Bytes encode(const Shown& shown);
Bytes encode(const LogLine& line);
/// The message of a last word: two bytes, so that a signal handler can send it.
std::array<std::uint8_t, 2> encode(LastWord word);
iro::Result<FromChild> decode_from_child(ByteView message);

/// Outcomes on their way: collected, then one message.
class OutcomePack {
 public:
  explicit OutcomePack(std::uint64_t call_no) : no_(call_no) {}
  void add(const Outcome& outcome);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t size_bytes() const { return out_.size(); }
  /// The message, also when there are none; empty afterwards.
  Bytes take(bool last);

 private:
  void begin();

  std::uint64_t no_;
  std::uint32_t count_ = 0;
  ByteWriter out_;
};

// ------------------------------------------------------------ the limits of iro/plugin.h

/// What it counts for against limits::plugin_effect_bytes.
std::size_t cost_of(const Note& note);
std::size_t cost_of(const Emit& emit);
std::size_t cost_of(const StateChange& change);
std::size_t cost_of(const TimerChange& change);
std::size_t cost_of(const HeldWord& word);
std::size_t cost_of(const Outcome& outcome);

/// [a-z0-9_], 1 to 64.
bool is_code(std::string_view code);
/// Empty, or 8 to 64 letters, digits, - or _.
bool is_person(std::string_view person);
/// limit_reached or frame_malformed when the outcome is none that the host lets through.
Status check(const Outcome& outcome);

}  // namespace iro::reaction::child

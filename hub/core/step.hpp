// hub/core/step.hpp: everything that goes into the core, and everything that comes out.
//
// The core does no I/O: whoever drives it (the daemon, the scenario runner, a
// simulator) gives it inputs with the time, and carries out the actions in
// order. Values; they own what they hold.
#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hub/base/peer.hpp"
#include "hub/core/machine.hpp"
#include "hub/log/event_log.hpp"
#include "hub/log/witness.hpp"
#include "hub/reaction/plugin.hpp"
#include "hub/views/delivery_facts.hpp"

namespace iro::core {

// ---- inputs

/// A frame from a connection whose key is known.
struct Frame {
  ConnectionNo from;
  Principal who;
  Bytes bytes;
};
/// Nothing more is waiting: close the open batch.
struct Flush {};
/// The Commit action succeeded, or why not.
struct Committed {
  Status status;
};
struct ChunksRead {
  std::uint64_t read = 0;
  iro::Result<std::vector<std::shared_ptr<const log::Chunk>>> chunks;
};
/// How far the index is behind the log, told from time to time.
struct IndexLag {
  std::uint64_t events = 0;
};
struct PositionFound {
  std::uint64_t read = 0;
  iro::Result<Seq> position;
};
/// The ReadHead action's answer: the head of the chunk that ends there, nothing when none does.
struct HeadRead {
  std::uint64_t read = 0;
  iro::Result<std::optional<Hash>> head;
};
/// Something outside the core found that the log is damaged (the scrubber).
struct Damaged {
  Error error;
};
struct PluginAnswered {
  reaction::Result result;
};
struct PluginAsks {
  reaction::StateAsk ask;
};
struct PluginShown {
  reaction::ViewAnswer answer;
};
/// The MeasurePluginState action's answer: bytes of keys and values that the plugin keeps, as of some commit after it.
struct PluginStateMeasured {
  std::string plugin;
  iro::Result<std::uint64_t> bytes;
};
/// The inline wait is over once more while Core::awaits_plugins().
struct OutOfPatience {};
/// A batch that plugins are waited for with.
struct Reacting {
  std::uint64_t batch = 0;  // counted since the start
  std::uint64_t asked = 0;  // events that plugins were shown in it so far; one that two were shown counts twice
};
struct ConnectionGone {
  ConnectionNo connection;
};
/// Something like once in 100 ms, busy or idle.
struct Tick {};
/// The Probe action's answer: is there room again?
struct Probed {
  Status status;
};
/// An answer showed events about persons.
enum class AccessKind : std::uint8_t { delivered, asked, explained, exported };
struct Accessed {
  AccessKind kind = AccessKind::asked;
  MemberNo member;
  std::string client;
  std::string purpose;
  std::vector<views::SeenPerson> seen;
};
/// What is allowed to change while the hub runs.
struct Reconfigure {
  std::string hub_name;
  std::size_t input_queue_bytes = 0;
};
/// The hub is asked to end: tell the clients.
struct Drain {
  std::uint32_t deadline_ms = 0;
};

using Input = std::variant<Frame, Flush, Committed, ChunksRead, PositionFound, IndexLag, PluginAnswered, ConnectionGone,
                           Tick, Probed, Drain, HeadRead, Damaged, Reconfigure, Machine, Accessed, PluginAsks,
                           PluginShown, PluginStateMeasured, OutOfPatience>;

// ---- actions

struct Send {
  ConnectionNo to;
  Bytes frame;
};
/// Make this durable, then give Committed. Until then the core takes no further step
/// that needs the disk; frames queue inside it.
struct CommitNow {
  std::shared_ptr<const log::Commit> commit;
};
/// Read chunks from `from`, then give ChunksRead with the same number.
struct ReadChunks {
  std::uint64_t read = 0;
  Seq from;
  std::optional<MemberNo> member;  // none: all bodies are wanted
};
/// Which head has the chunk that ends with `at`? Then give HeadRead with the same number.
struct ReadHead {
  std::uint64_t read = 0;
  Seq at;
};
struct FindPosition {
  std::uint64_t read = 0;
  std::variant<TimeMs, EventId> of;  // recorded at or after the time; behind the event
  MemberNo member;
  bool released = false;  // behind where the event went out, when it had to wait for a gate
};
struct CallPlugin {
  reaction::Call call;
};
/// A plugin reads its state: what the log has under it, with what the open batch
/// has changed, goes back to it (reaction::StateAnswer).
struct ReadPluginState {
  reaction::StateAsk ask;
  reaction::StateMap changed;
};
/// How much does the plugin keep? Then give PluginStateMeasured.
struct MeasurePluginState {
  std::string plugin;
};
struct ShowPlugin {
  reaction::ViewAsk ask;
};
/// What the plugin has in memory is void.
struct RestartPlugin {
  std::string plugin;
};
/// A view that reads the log is worked out elsewhere; its pages go straight to the connection.
struct RunView {
  ConnectionNo to;
  SessionEpoch epoch;
  std::uint32_t id = 0;
  MemberNo member;
  std::string view;
  std::string args;
  std::shared_ptr<const views::DeliveryFacts> deliveries{};  // where the view is an explanation
  std::string client{};                                      // who asks: the name in its HELLO
  std::vector<PersonKeyNo> person_keys{};                    // where it is about a person
};
/// What goes into the access log when the answer to `view` showed these.
Accessed accessed(const RunView& view, std::vector<views::SeenPerson> seen);  // access.cpp
/// Commands that act outside the core: "backup", "resume".
struct RunCommand {
  ConnectionNo to;
  SessionEpoch epoch;
  std::uint32_t id = 0;
  std::string command;
  std::string args;
};
/// The set of keys that may connect has changed.
struct KeysChanged {};
struct Probe {};
/// 74 (EX_IOERR): the data is damaged, and starting again does not help. 1: it may.
inline int exit_code(const Error& error) {
  static constexpr Errc data[] = {Errc::corrupt, Errc::receipt_beyond_log, Errc::log_behind_witness,
                                  Errc::witness_damaged};
  return std::ranges::find(data, error.code) != std::end(data) ? 74 : 1;
}
/// The log is damaged or the process cannot go on: end with this exit code.
struct Stop {
  int exit_code = 0;
  std::string why;
  // What a member's receipt proved to have been acknowledged: the witness takes it over, or the next start would know
  // nothing of it.
  std::optional<log::Testimony> proof = std::nullopt;
};
enum class Level { info, warning, error };
/// A log line: constant text and fields, no payloads, no personal data.
struct LogLine {
  Level level = Level::info;
  std::string text;
};

using Action =
    std::variant<Send, CommitNow, ReadChunks, ReadHead, FindPosition, CallPlugin, ReadPluginState, MeasurePluginState,
                 ShowPlugin, RestartPlugin, RunView, RunCommand, KeysChanged, Probe, Stop, LogLine>;
using Actions = std::vector<Action>;

}  // namespace iro::core

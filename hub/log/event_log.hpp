// hub/log/event_log.hpp: the hub's memory of what happened, in order.
//
// An EventLog is an append-only sequence of chunks and, in the same file and
// the same commit, the state that belongs to it. An event is in the log if and
// only if the commit() that carried it returned; after a crash the log holds
// exactly those. One writer thread calls commit(); readers are LogReaders of
// their own, one thread each.
//
// Three implementations: SqliteLog (sqlite/sqlite_log.hpp), MemoryLog
// (memory_log.hpp) for tests of the core, and SqliteLog over the faulty VFS
// (sqlite/fault_vfs.hpp) for what must hold when disks misbehave.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/log/entry.hpp"

namespace iro::log {

struct ProducerRow {
  ProducerId id;
  MemberNo member;
  ProducerSeq last_seq;
  Hash last_hash{};  // schema::event_hash of the last event taken
  TimeMs last_used;
  struct Kept {
    ProducerSeq upto;
    Seq position;
    bool operator==(const Kept&) const = default;
  };
  std::vector<Kept> receipts;  // the last 64, newest last
  bool operator==(const ProducerRow&) const = default;
};
struct MemberRow {
  MemberNo no;
  std::string slug;
  std::string doc;  // JSON, written and read by admission::Membership
  bool operator==(const MemberRow&) const = default;
};
struct ConsumerRow {
  ConsumerNo no;
  MemberNo member;
  std::string name;
  std::string filter;
  Seq cursor;
  TimeMs changed;
  Seq start{};  // where it began, was last placed or filtered anew
  bool operator==(const ConsumerRow&) const = default;
};
enum class DeviationState : std::uint8_t { retry = 1, parked = 2, waits = 3 };  // permanent: on disk
struct DeviationRow {
  ConsumerNo consumer;
  Seq seq;
  DeviationState state = DeviationState::retry;
  std::uint32_t attempts = 0;
  TimeMs due;
  std::string subject;
  std::string reason;
  bool operator==(const DeviationRow&) const = default;
};
struct ForeignRow {
  std::array<std::uint8_t, 16> hash{};
  TimeMs recorded;
  bool operator==(const ForeignRow&) const = default;
};
struct AuditRow {
  TimeMs at;
  MemberNo actor;
  std::string action;
  std::string detail;
};
struct SchemaRow {
  std::uint32_t no = 0;
  Hash hash{};
  std::string name;
  Bytes bfbs;
  bool operator==(const SchemaRow&) const = default;
};
struct PluginStateRow {
  std::string plugin;
  Bytes key;
  PersonKeyNo person_key;
  std::optional<Bytes> value;  // nothing = delete
  bool operator==(const PluginStateRow&) const = default;
};
/// How far a plugin has come. Every plugin that this log has seen has a row.
struct PluginCursorRow {
  std::string plugin;
  Seq seq;                     // what it is shown next; 0 = all there is, and then each event in its own commit
  std::string suspended = {};  // why it is asked nothing; "" = it is
  Seq since = {};              // before that it is only shown what every rule must know: members, grants, codes
  bool operator==(const PluginCursorRow&) const = default;
};
enum class PluginParkedState : std::uint8_t { parked = 1, waits = 2, retry = 3 };  // permanent: on disk
/// An event that a plugin failed on twice, or one of the same subject that waits behind it.
struct PluginParkedRow {
  std::string plugin;
  Seq seq;
  PluginParkedState state = PluginParkedState::parked;
  TimeMs at;
  std::string subject;
  std::string why;
  bool operator==(const PluginParkedRow&) const = default;
};
struct TimerRow {
  std::string plugin;
  Bytes key;
  std::optional<TimeMs> due;    // nothing = delete
  PersonKeyNo person_key = {};  // of the person whose erasure takes the timer too; 0 = none
  bool operator==(const TimerRow&) const = default;
};

/// The way behind a gate key is free, or closed again (hub/routing/gates.hpp).
struct GateRow {
  schema::GateKey key{};
  bool open = false;
  TimeMs until;        // then it is closed; 0 = never
  PersonKeyNo person;  // of the event that opened it: an erasure takes the row too; 0 = none
  bool operator==(const GateRow&) const = default;
};
enum class HeldState : std::uint8_t { waits = 1, opening = 2, out = 3, closed = 4 };  // permanent: on disk
/// A gated event, by the position at which it was committed.
struct HeldRow {
  Seq seq;
  schema::GateKey key{};
  HeldState state = HeldState::waits;
  Seq released;  // where it went out; 0 = nowhere yet
  std::uint16_t expiry_month = kept_for_ever;
  PersonKeyNo person;
  TimeMs expires = {};   // of what a judge holds: then it is refused; 0 = never
  MemberNo sender = {};  // of what a judge holds: who is told when it is refused
  bool by_rule = false;  // a judge holds it, not a gate
  bool operator==(const HeldRow&) const = default;
};

/// History that is being given to a member: entries of these types in [next, last].
struct BackfillRow {
  std::uint32_t no = 0;
  MemberNo member;
  std::string types;  // full names, parted by spaces
  TimeMs since;
  Seq next;
  Seq last;
  bool operator==(const BackfillRow&) const = default;
};

/// A key that an erasure ended: it is destroyed when the commit has returned, and again after every restore.
struct TombstoneRow {
  PersonKeyNo key;
  std::uint32_t erasure = 0;  // the number of its definition in the chain
  TimeMs at;
  bool operator==(const TombstoneRow&) const = default;
};

/// Bodies whose expiry month is `month` or earlier are over. From this commit
/// on they may be missing; they are deleted then or, many of them, in slices
/// soon after (SqliteLog::tend).
struct RetentionRow {
  std::uint16_t month = 0;
  TimeMs at;
};

/// Everything that becomes durable together. Rows replace what has their key;
/// removals are carried out before rows are put. A removed consumer takes its
/// deviations with it.
struct Commit {
  std::shared_ptr<const Chunk> chunk;   // none: only state changes
  std::vector<Definition> definitions;  // those in the chunk, for the tables atom and audience_set
  std::vector<SchemaRow> schemas;
  std::vector<ProducerRow> producers;
  std::vector<MemberRow> members;
  std::vector<ConsumerRow> consumers;
  std::vector<ConsumerNo> consumers_removed;
  std::vector<DeviationRow> deviations;
  std::vector<std::pair<ConsumerNo, Seq>> deviations_removed;
  std::vector<ForeignRow> foreign_ids;
  std::optional<TimeMs> forget_foreign_before;
  std::vector<AuditRow> audit;
  std::vector<PluginStateRow> plugin_state;
  std::vector<PluginCursorRow> plugin_cursors;
  std::vector<PluginParkedRow> plugin_parked;
  std::vector<std::pair<std::string, Seq>> plugin_parked_removed;
  std::vector<TimerRow> timers;
  std::vector<GateRow> gates;
  std::vector<schema::GateKey> gates_removed;
  std::vector<HeldRow> held;
  std::vector<Seq> held_removed;
  std::vector<BackfillRow> backfills;
  std::vector<std::uint32_t> backfills_done;
  std::vector<TombstoneRow> tombstones;  // what plugins keep under these keys goes with them
  std::optional<RetentionRow> retention;
  [[nodiscard]] bool empty() const;
};

/// Where an epoch of the log began: `iro restore --accept-loss` gave up what had
/// been acknowledged behind it. Positions before `from` are the same in both.
struct EpochRow {
  LogEpoch no;
  Seq from;
  TimeMs at;
  std::string lost;  // for the operator: from what to what
  bool operator==(const EpochRow&) const = default;
};

/// What a hub must know to go on: read once at start, its size bounded by
/// members, producers, consumers and a week of foreign ids, not by the log.
struct Snapshot {
  LogEpoch log_epoch;
  Seq next_seq{1};
  Hash head{};
  TimeMs last_recorded;
  std::vector<std::string> atoms;           // [no - 1]
  std::vector<std::vector<MemberNo>> sets;  // [no - 1]
  std::vector<SchemaRow> schemas;           // without bfbs
  std::vector<ProducerRow> producers;
  std::vector<MemberRow> members;
  std::vector<ConsumerRow> consumers;
  std::vector<DeviationRow> deviations;
  std::vector<ForeignRow> foreign_ids;
  std::vector<PluginCursorRow> plugin_cursors;  // what plugins keep is read when they ask for it: plugin_state()
  std::vector<PluginParkedRow> plugin_parked;
  std::vector<TimerRow> timers;
  std::vector<GateRow> gates;
  std::vector<HeldRow> held;
  std::vector<TombstoneRow> tombstones;
  std::vector<BackfillRow> backfills;
  std::uint16_t deleted_month = 0;  // bodies of this month and earlier are gone; 0 = none
  std::vector<EpochRow> epochs;     // ascending; the first epoch has no row
  bool operator==(const Snapshot&) const = default;
};

/// What a log holds about one plugin beside the events, all of one moment: what `iro whatif` compares with.
struct PluginRecord {
  Seq through;  // the last event of that moment; 0 = none
  Hash head{};
  TimeMs last_recorded;
  std::uint16_t deleted_month = 0;
  std::vector<MemberRow> members;
  std::optional<PluginCursorRow> cursor;  // nothing: the log has never seen the plugin
  std::vector<PluginStateRow> state;      // values under a person's key come sealed
  std::vector<TimerRow> timers;
  std::size_t parked = 0;  // events that it failed on, with what waits behind them
};
/// The same out of what load() and plugin_state() gave.
PluginRecord plugin_record_of(Snapshot snapshot, std::vector<PluginStateRow> state, const std::string& plugin);

class EventLog {
 public:
  virtual ~EventLog() = default;
  [[nodiscard]] virtual Result<Snapshot> load() = 0;
  /// All or nothing, and on disk when it returns. A chunk must follow the one
  /// before (asserted). Fails with disk_full: nothing of `commit` is in the log,
  /// try again when there is room; storage_failed: EIO or a failed fsync,
  /// writing stays refused until resume(); corrupt: end the process with 74;
  /// internal: a row breaks a rule of its table, nothing of `commit` is there.
  virtual Status commit(const Commit& commit) = 0;
  /// After storage_failed: drop the page cache, reopen, verify the tail. The
  /// commit that failed may turn out to be there after all (a disk can keep
  /// what it reported as failed) or not, and then never will be: load() again,
  /// and go on from what it says. Fails with corrupt when anything that an
  /// earlier commit() acknowledged is gone.
  virtual Status resume() = 0;
  /// Is there room again? Called once a second after disk_full.
  virtual Status probe() = 0;
  /// What a plugin keeps, as of the last commit: the row under `key`, or with
  /// `prefix` all rows whose keys begin with it, ascending. Values under a person's key come sealed.
  [[nodiscard]] virtual Result<std::vector<PluginStateRow>> plugin_state(const std::string& plugin, ByteView key,
                                                                         bool prefix) = 0;
};

class LogReader {
 public:
  virtual ~LogReader() = default;
  /// Chunks from the one that holds `from`, in order, until `max_bytes` is
  /// reached (at least one chunk if there is any). Checked heads and shape.
  /// `member`: chunks whose union lacks it come without bodies.
  [[nodiscard]] virtual Result<std::vector<std::shared_ptr<const Chunk>>> read(Seq from, std::size_t max_bytes,
                                                                               std::optional<MemberNo> member) = 0;
  /// The first position recorded at or after `time`; the end of the log when there is none.
  [[nodiscard]] virtual Result<Seq> position_at(TimeMs time) = 0;
  /// The head of the chunk that ends with position `at`; nothing when no chunk ends there.
  [[nodiscard]] virtual Result<std::optional<Hash>> head_at(Seq at) = 0;
};

}  // namespace iro::log

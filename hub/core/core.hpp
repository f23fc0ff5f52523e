// hub/core/core.hpp: the straight line of an event through the hub.
//
//   step(Frame)      receive.cpp   which session, which verb
//     PUB            publish.cpp   admission: a verdict for each event; the accepted join the open batch
//   step(Flush)      batch.cpp     react.cpp: plugins in rounds until quiet; routing writes down the audience;
//   CommitNow step(Committed)  commit.cpp    receipts leave; what was changed takes effect
//                    release.cpp   what waited for a gate that has opened goes out at a new position
//                    deliver.cpp   consumers with credit get what concerns them
//     ACK ...        deliver.cpp   cursors move, and join the next commit
//     SUB, QUERY     subscribe.cpp, ask.cpp
//
// Core is sans-I/O: step(input, now) -> actions, no clock, no thread, no disk.
// One batch is open at a time; while it is being decided or committed, frames
// wait inside (64 MiB, then publishers are refused `busy`).
//
// Invariants:
//  1. Nothing is acknowledged or delivered before its commit succeeded.
//  2. What a failed commit carried is undone: producers, members, texts, foreign ids;
//     state changes of consumers are carried over to the next commit.
//  3. A delivered event was in the audience written at its commit, and today's
//     grants still allow it.
//  4. Nobody is served by a hub that lost what it acknowledged: a session begins
//     when its client's last receipt fits the log.
//  5. What can neither be delivered nor be shown to be gone stops the hub: no
//     event is skipped because it could not be read.
#pragma once

#include <boost/json/fwd.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>

#include "hub/admission/admission.hpp"
#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"
#include "hub/core/clock_guard.hpp"
#include "hub/core/fan_out.hpp"
#include "hub/core/interner.hpp"
#include "hub/core/member_union.hpp"
#include "hub/core/plugin_line.hpp"
#include "hub/core/step.hpp"
#include "hub/core/timer_table.hpp"
#include "hub/delivery/consumer.hpp"
#include "hub/log/keys.hpp"
#include "hub/reaction/firing.hpp"
#include "hub/reaction/rounds.hpp"
#include "hub/routing/gates.hpp"
#include "hub/routing/routing.hpp"
#include "hub/schema/frames.hpp"
#include "hub/schema/registry.hpp"
#include "hub/views/sight.hpp"

namespace iro::core {

struct Config {
  std::string hub_name = "iro";
  std::string hub_oin;  // source of what plugins emit
  std::array<std::uint8_t, 32> token_key{};
  std::array<std::uint8_t, 32> receipt_key{};
  std::array<std::uint8_t, 32> operator_key{};  // public; enrolled as member 0 when the log is new
  std::vector<reaction::PluginSpec> plugins;
  std::size_t input_queue_bytes = limits::input_queue_bytes;
  bool guard_clock = true;  // false for tests that leap over months
};

/// What the daemon and `status` want to know. Counted since the start.
struct Counters {
  std::uint64_t accepted = 0, refused = 0, repeated = 0, commits = 0, delivered = 0, acked = 0, retries = 0, parked = 0;
  std::uint64_t fell_behind = 0, plugin_failures = 0, plugin_parked = 0;
  std::uint64_t busy = 0, failed_commits = 0, strangers = 0;
  std::map<Errc, std::uint64_t> refusals;
  std::map<std::string, std::uint64_t, std::less<>> by_type;
};

class Core {
 public:
  /// Fails with corrupt when the snapshot contradicts itself, config_invalid for the plugins.
  /// `registry` and `keys` outlive the core.
  static iro::Result<std::unique_ptr<Core>> create(const schema::Registry& registry, log::KeyRing& keys, Config config,
                                                   log::Snapshot snapshot, TimeMs now);
  void step(Input input, TimeMs machine_now, Actions& out);

  [[nodiscard]] std::shared_ptr<const admission::Membership> membership() const { return members_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] Seq next_seq() const { return next_seq_; }
  [[nodiscard]] const Hash& head() const { return head_; }
  [[nodiscard]] const Interner& interner() const { return interner_; }
  /// The open batch has something, and a publisher that the last commit answered
  /// has not spoken again yet: a moment's patience may bring its next events into
  /// the same fsync. A lone publisher is never waited for.
  [[nodiscard]] bool may_grow() const { return !batch_.producers.empty() && !answered_.empty(); }
  /// Something is to be committed that no frame brought: a Flush will do it.
  [[nodiscard]] bool has_work() const {
    return phase_ == Phase::open && !refusing_ &&
           (!releases_.empty() || backfill_end_.value() != 0 || !batch_.items.empty());
  }
  /// The batch that plugins are waited for with: OutOfPatience after each inline wait with the same one (ADR 58).
  [[nodiscard]] std::optional<Reacting> awaits_plugins() const {
    return phase_ == Phase::reacting ? std::optional(reacting_) : std::nullopt;
  }
  /// No batch is open or on its way, no frame waits.
  [[nodiscard]] bool idle() const;
  [[nodiscard]] std::size_t sessions() const { return sessions_.size(); }

 private:
  Core(const schema::Registry& registry, log::KeyRing& keys, Config config, reaction::Concerns concerns);
  Status restore(log::Snapshot snapshot, TimeMs now);

  struct Session {
    ConnectionNo connection;
    Principal who;
    std::string client_name;
    ProducerId producer;
    std::uint64_t start_number = 0;
    SessionEpoch epoch;
    TimeMs last_seen;
    bool enrolment = false;  // of an invitation: may present keys, and nothing else
    std::set<ConsumerNo> consumers;
  };
  struct Producer {
    log::ProducerRow row;  // as committed
    ProducerSeq pending;   // with the open batch
    Hash pending_hash{};
    bool touched = false;
  };
  /// An accepted event of the open batch, and what became of it.
  struct Item {
    schema::EventView event;
    std::shared_ptr<const Bytes> memory;  // what the views point into
    MemberNo sender;
    ProducerId producer;
    ProducerSeq sequence;
    admission::Admitted admitted;
    reaction::Ruling ruling = reaction::Ruling::accept;
    reaction::Note note;         // why it is rejected or held
    std::string held_by;         // the judge that holds it
    bool rule_released = false;  // a judge held it, and lets it go
    std::string only;            // the plugin whose timer this is
    Bytes timer_key;
    TimeMs timer_due;
    std::vector<std::string> waits_for;               // plugins that have parked an earlier event of its subject
    Seq seq;                                          // once the chunk is built
    std::optional<std::uint16_t> retention_months;    // another than its type's
    std::string owner;                                // under whose key it is kept, when no field says so
    bool waits = false;                               // committed for nobody: a gate, or a judge's hold
    Seq released_from;                                // where it waited until its gate opened; 0 = it is new
    std::uint16_t expiry_month = log::kept_for_ever;  // of a copy: that of what it copies
    std::uint32_t backfill = 0;      // the backfill that gives it to the one in `entitled`; 0 = a gate let it out
    bool record_only = false;        // for nobody: it is there to be looked up
    std::vector<MemberNo> entitled;  // by the decision of then; only with released_from
  };
  struct Waiter {
    ConnectionNo connection;
    SessionEpoch epoch;
    MemberNo member;
    ProducerId producer;
    ProducerSeq first;  // of the PUB
    wire::PubAck ack;
  };
  /// The audience that all events of a class type have in common, interned once a batch.
  struct ClassAudience {
    log::Audience full;
    log::Audience masked;
  };
  /// A plugin's word on a key of its own.
  struct StateWord {
    std::optional<Bytes> clear;  // as the plugin reads it; nothing: it is not there any more
    log::PluginStateRow row;     // as it is kept
  };
  /// The open batch: everything since the last CommitNow.
  struct Batch {
    std::vector<Item> items;
    std::size_t bytes = 0;
    std::vector<Waiter> waiters;
    std::set<ProducerId> producers;
    std::vector<std::array<std::uint8_t, 16>> foreign;
    std::shared_ptr<admission::Membership> members;  // edited copy, when a command is in the batch
    std::set<MemberNo> members_changed;
    std::vector<log::AuditRow> audit;
    // By plugin and key, as the table is: the last word on each.
    std::map<std::string, std::map<Bytes, StateWord, BytesLess>> plugin_state;
    std::vector<log::TimerRow> timers;
    std::vector<schema::GateKey> let_out;                 // what judges let go, once all of the batch has its place
    bool more_to_let_out = false;                         // something is let go and is not in this batch
    std::vector<schema::GateKey> dropped;                 // what they refuse after all
    std::optional<TimeMs> recorded;                       // the batch's time, from the moment that a plugin was told it
    std::map<std::uint32_t, log::BackfillRow> backfills;  // new ones, and how far those have come that go on
    std::vector<std::string> erased;                      // pseudonyms; the batch is closed behind the first
    std::optional<std::uint16_t> retention;               // bodies of this month and earlier are over
    std::unordered_map<const schema::EventType*, ClassAudience> class_audiences;
  };
  enum class Phase { open, reacting, committing };

  /// A chunk with its entries decoded, ready to be offered to consumers.
  struct Ready {
    log::ChunkView view;
    std::vector<log::EntryView> entries;
    std::vector<const schema::EventType*> types;  // beside the entries; nullptr: no longer known
  };
  /// One event chosen for a consumer.
  struct Choice {
    const Ready* ready = nullptr;
    std::uint32_t index = 0;
    bool masked = false;
    auto operator<=>(const Choice&) const = default;
  };

  /// What goes into one frame.
  struct Selection {
    std::vector<Choice> chosen;
    std::size_t bytes = 0;
  };

  // receive.cpp
  TimeMs follow_clock(TimeMs machine_now, Actions& out);
  void on_frame(Frame frame, TimeMs now, Actions& out);
  void dispatch(const Frame& frame, wire::Message message, TimeMs now, Actions& out);
  void on_hello(const Frame& frame, const wire::Hello& hello, TimeMs now, Actions& out);
  void open_session(ConnectionNo from, Principal who, const wire::Hello& hello, TimeMs now, Actions& out);
  std::optional<wire::ErrorMessage> refuse_hello(const Frame& frame, const wire::Hello& hello, TimeMs now);
  void end_session(ConnectionNo connection);
  void end_unproven(TimeMs now, Actions& out);
  void end_expired(TimeMs now, Actions& out);
  ConnectionNo same_outbox(ConnectionNo from, Principal who, const wire::Hello& hello) const;
  void on_tick(TimeMs now, Actions& out);
  void on_index_lag(const IndexLag& lag);
  void on_drain(const Drain& drain, Actions& out);
  Session* session_of(const Frame& frame, SessionEpoch epoch, Actions& out);
  void send(const Session& session, const wire::Body& body, Actions& out);
  void send_error(ConnectionNo to, SessionEpoch epoch, Errc code, std::string text, std::uint32_t request,
                  Actions& out);
  void drain_waiting(TimeMs now, Actions& out);

  // receipts.cpp
  struct Claim {
    LogEpoch epoch;
    Seq position;
    Hash head{};
  };
  /// A client that says HELLO; it gets its WELCOME when the log was seen to hold what its receipt says.
  struct PendingHello {
    ConnectionNo from;
    Principal who;
    wire::Hello hello;
    Claim claim;
  };
  void on_receipt(const Frame& frame, const wire::Hello& hello, TimeMs now, Actions& out);
  [[nodiscard]] std::optional<Claim> read_receipt(const wire::Receipt& receipt, MemberNo member) const;
  void on_head(HeadRead read, TimeMs now, Actions& out);
  void disproved(ConnectionNo from, const Claim& claim, const std::string& how, TimeMs now, Actions& out);
  [[nodiscard]] std::optional<Seq> open_token(const Token& token, MemberNo member) const;
  [[nodiscard]] bool restore_unannounced() const;
  void announce_restore(TimeMs now);

  // publish.cpp
  void on_pub(Session& session, wire::Message& message, TimeMs now, Actions& out);
  bool take_event(Session& session, const schema::EventView& event, const std::shared_ptr<const Bytes>& memory,
                  Producer& producer, Waiter& waiter, TimeMs now);
  /// Why nothing is taken now, if so.
  [[nodiscard]] std::optional<Error> closed() const;
  std::optional<std::pair<Errc, std::string>> command(const schema::EventView& event, const schema::EventType& type,
                                                      const Principal& actor, TimeMs now);
  void refuse_rest(Waiter& waiter, ProducerSeq from, Errc code, std::string reason, std::uint32_t retry_ms);

  // batch.cpp
  void close_batch(TimeMs now, Actions& out);
  void commit_batch(TimeMs now, Actions& out);
  void build_chunk(log::Commit& commit, TimeMs now);
  log::EntryView make_entry(const Item& item, TimeMs now);
  void decide_audience(Item& item, log::EntryView& entry, MemberUnion& everybody);
  void count_type(std::string_view type);
  const ClassAudience& class_audience(const schema::EventType& type, MemberUnion& everybody);
  Bytes stored_body(const Item& item, log::EntryView& entry);
  void collect_state(log::Commit& commit, TimeMs now);

  // react.cpp
  /// What a plugin answers, wherever it stands: in the open batch or in the log.
  struct Cause {
    schema::EventView event;
    std::shared_ptr<const void> memory;  // keeps the event alive
    std::string person;
    const schema::EventType* type = nullptr;
  };
  struct Applied {
    std::uint32_t item = 0;
    std::string plugin;
    reaction::Outcome outcome;
  };
  void begin_round(std::size_t first, TimeMs now, Actions& out);
  bool asks_inline(PluginLine& line, Item& item);
  void find_judge(Item& item, reaction::Rounds::Item& asked);
  void ask_plugins(TimeMs now, Actions& out);
  [[nodiscard]] std::string sender_name(MemberNo sender, const ProducerId& producer) const;
  void call_plugin(PluginLine& line, PluginLine::Outstanding asked, Actions& out);
  void on_plugin(PluginAnswered answered, TimeMs now, Actions& out);
  void inline_answer(PluginLine& line, reaction::Result result, TimeMs now, Actions& out);
  void ask_inline(const reaction::Rounds::Ask& ask, Actions& out);
  void keep_in_order(const PluginLine& line, Item& item);
  void fall_behind(PluginLine& line, std::size_t answered);
  void out_of_patience(TimeMs now, Actions& out);
  void end_round(TimeMs now, Actions& out);
  static Cause cause_of(const Item& item);
  void keep(PluginLine& line, const reaction::Outcome& outcome, const schema::EventType& cause);
  void speak(PluginLine& line, const Cause& cause, const reaction::Outcome& outcome);
  void apply_emit(PluginLine& line, const Cause& cause, const reaction::Emit& emit, std::uint32_t ordinal);
  void refuse_emit(const std::string& plugin, const Cause& cause, const reaction::Emit& what, Errc code,
                   std::uint32_t ordinal);
  void tell_maker(const Cause& refused, std::string_view judge_code);
  void explain_rule(PluginLine& line, const Cause& cause, const reaction::Outcome& outcome);
  void on_held_word(PluginLine& line, const Cause& cause, const reaction::HeldWord& word);
  void refuse_held(const std::string& plugin, const Cause& cause, const EventId& held, MemberNo sender, Errc code,
                   const reaction::Note& note);
  static schema::GateKey hold_key(std::string_view plugin, const EventId& held);
  void join(Item item);
  Item hub_item(const Cause& cause, std::string_view type_name, const boost::json::object& payload,
                const std::string& maker, std::uint32_t ordinal);
  Item derived_item(const Cause& cause, const std::string& maker, std::uint32_t ordinal, const schema::EventType& type,
                    Bytes payload);
  void on_state_ask(reaction::StateAsk ask, Actions& out);

  // trail.cpp
  void trail_all(TimeMs now, Actions& out);
  void trail(PluginLine& line, TimeMs now, Actions& out);
  void try_again(PluginLine& line, Seq seq, Actions& out);
  void follow_log(PluginLine& line, TimeMs now, Actions& out);
  bool gather(PluginLine& line, Seq from, Seq to, bool again, PluginLine::Outstanding& asked, Actions& out);
  std::size_t show(PluginLine& line, const std::shared_ptr<const Ready>& ready, std::uint32_t index, bool again,
                   PluginLine::Outstanding& asked);
  void on_trail_chunks(PluginLine& line, const ChunksRead& read, TimeMs now, Actions& out);
  void trailing_answer(PluginLine& line, reaction::Result result, TimeMs now, Actions& out);
  void late_outcome(PluginLine& line, const PluginLine::Outstanding& asked, std::size_t i,
                    const reaction::Outcome& outcome);
  void failed_on(PluginLine& line, Seq seq, const PluginLine::Outstanding& asked, std::size_t index,
                 const reaction::Result& result, Actions& out);
  void parked_done(PluginLine& line, Seq seq);
  void note_failure(PluginLine& line, const reaction::Result& result, TimeMs now, Actions& out);
  void suspend(PluginLine& line, const std::string& why, Actions& out);
  void come_back(PluginLine& line, TimeMs now) const;

  // plugins.cpp
  void restore_plugins(const log::Snapshot& snapshot);
  void place_plugins();
  void settle_held();
  void collect_plugins(log::Commit& commit);
  void plugins_committed(const log::Commit& commit, Actions& out);
  void take_late_answers(TimeMs now, Actions& out);
  void on_shown(reaction::ViewAnswer answer, Actions& out);
  bool ask_plugin_view(const Session& session, const wire::Query& query, TimeMs now, Actions& out);
  void plugins_undone(Actions& out);
  void mind_budget(PluginLine& line, Actions& out);
  void on_state_measured(PluginStateMeasured measured, Actions& out);
  [[nodiscard]] bool plugins_changed() const;
  [[nodiscard]] std::string plugins_json() const;
  [[nodiscard]] std::string plugin_views_json(MemberNo asking) const;
  [[nodiscard]] std::string plugin_parked_json() const;
  iro::Result<std::string> plugin_command(std::string_view verb, std::string_view args, TimeMs now, Actions& out);
  std::size_t move_parked(PluginLine& line, const std::string& ref, bool skip);
  void expire_held(TimeMs now);

  // timers.cpp
  static constexpr std::string_view timer_fired_type = reaction::timer_fired_type;
  [[nodiscard]] bool timers_due(TimeMs now) const;
  void fire_timers(TimeMs now);
  static EventId timer_id(const log::TimerRow& row);

  // release.cpp
  void note_gate(const Item& item, const log::EntryView& entry, Seq seq);
  void fetch_opening(Actions& out);
  void on_held_chunks(const ChunksRead& read, Actions& out);
  void queue_release(const Ready& ready, Seq seq);
  void queue_copy(const Ready& ready, std::uint32_t index);
  void take_releases();
  [[nodiscard]] bool shut_again(const Item& item) const;
  bool expired_meanwhile(const Item& item);
  void put_back_releases();

  // backfill.cpp
  std::optional<std::pair<Errc, std::string>> plan_backfill(std::string_view payload_json);
  void fetch_backfill(Actions& out);
  void on_backfill_chunks(const ChunksRead& read, Actions& out);
  void give_history(const log::BackfillRow& job, const Ready& ready);
  void decide_backfill(const Item& item, log::EntryView& entry, MemberUnion& everybody);
  [[nodiscard]] bool may_be_given(const Item& item) const;
  void collect_backfills(log::Commit& commit);

  // erase.cpp
  std::optional<std::pair<Errc, std::string>> plan_erasure(const admission::Admitted& admitted);
  void bury(log::Commit& commit, log::ChunkBuilder& builder, TimeMs now);
  void put_state(const std::string& plugin, const reaction::StateChange& change, const schema::EventType& cause);
  bool clock_is_sound(TimeMs now);
  void retain(TimeMs now);

  // commit.cpp
  void on_committed(Committed committed, TimeMs now, Actions& out);
  void commit_succeeded(TimeMs now, Actions& out);
  void commit_failed(const Error& error, TimeMs now, Actions& out);
  void answer_waiters(TimeMs now, Actions& out);
  void on_probed(const Probed& probed, TimeMs now, Actions& out);
  wire::Receipt receipt_for(MemberNo member) const;

  // deliver.cpp
  void pump_all(TimeMs now, Actions& out);
  void pump(delivery::Consumer& consumer, TimeMs now, Actions& out);
  void pump_retries(delivery::Consumer& consumer, TimeMs now, Actions& out);
  bool pump_events(delivery::Consumer& consumer, Actions& out);
  void ask_chunks(const delivery::Consumer& consumer, Seq from, std::optional<Seq> retry, Actions& out);
  bool passes_filter(const delivery::Filter& filter, const log::EntryView& entry) const;
  bool offer_chunk(delivery::Consumer& consumer, const Ready& ready, Selection& selection);
  void send_chosen(delivery::Consumer& consumer, const std::vector<Choice>& chosen, std::uint16_t attempt,
                   Actions& out);
  const wire::DeliverBlock* block_for(const std::vector<Choice>& chosen);
  [[nodiscard]] bool gate_lets(const log::EntryView& entry, Seq at) const;
  bool readable(const Ready& ready, const log::EntryView& entry);
  Status materialise(const Choice& choice, schema::EventView& event, std::deque<Bytes>& arena);
  iro::Result<std::shared_ptr<const Ready>> make_ready(std::shared_ptr<const log::Chunk> chunk);
  views::Sight sight(const log::EntryView& entry, const schema::EventType* type, MemberNo member);
  std::shared_ptr<const Ready> recent(Seq seq) const;
  std::shared_ptr<const Ready> read_ahead(const std::string& plugin, Seq seq);
  void remember_recent(std::shared_ptr<const Ready> ready);
  void on_chunks(ChunksRead read, TimeMs now, Actions& out);
  void on_ack(Session& session, const wire::Ack& ack, TimeMs now, Actions& out);
  void on_nak(Session& session, const wire::Nak& nak, TimeMs now, Actions& out);
  void on_park(Session& session, const wire::Park& park, TimeMs now, Actions& out);
  delivery::Consumer* consumer_of(Session& session, ConsumerNo no);

  // subscribe.cpp
  void on_sub(Session& session, const wire::Sub& sub, TimeMs now, Actions& out);
  void finish_sub(Session& session, const wire::Sub& sub, std::optional<Seq> cursor, TimeMs now, Actions& out);
  void on_unsub(Session& session, ConsumerNo no);
  void on_position(PositionFound found, TimeMs now, Actions& out);
  delivery::Consumer* find_consumer(MemberNo member, std::string_view name);
  void remove_consumer(ConsumerNo no);

  // explain.cpp
  static bool explains(std::string_view view);
  /// The question as it goes to the views.
  static RunView view_asked(const Session& session, const wire::Query& query);
  void ask_explanation(const Session& session, const wire::Query& query, Actions& out);
  bool go_on_explaining(const PositionFound& found, Actions& out);
  [[nodiscard]] views::DeliveryFacts delivery_facts(Seq seq) const;

  // access.cpp
  struct Access {
    TimeMs at;
    AccessKind kind = AccessKind::delivered;
    MemberNo member;
    std::string client;
    std::string purpose;
    views::SeenPerson seen;
  };
  void note_deliveries(const Session& session, const std::vector<Choice>& chosen);
  void on_accessed(const Accessed& accessed);
  void take_accesses();
  void put_back_accesses();
  void ask_access(const Session& session, const wire::Query& query, Actions& out);

  // trace.cpp
  [[nodiscard]] iro::Result<std::string> trace_json(MemberNo asking, std::string_view args, TimeMs now) const;

  // ask.cpp
  void on_query(Session& session, const wire::Query& query, TimeMs now, Actions& out);
  void on_control(Session& session, const wire::Control& control, TimeMs now, Actions& out);
  // status.cpp
  std::string status_json(TimeMs now) const;
  [[nodiscard]] boost::json::array alarms(TimeMs now) const;
  [[nodiscard]] boost::json::array lags_json() const;
  [[nodiscard]] boost::json::array old_keys_json(TimeMs now) const;
  std::string members_json(MemberNo asking) const;
  void answer_directory(const Session& session, const wire::Query& query, Actions& out);  // directory.cpp
  std::string consumers_json(MemberNo asking) const;
  iro::Result<std::string> parked_json(MemberNo asking) const;
  iro::Result<std::string> parked_command(MemberNo member, std::string_view verb, std::string_view args, TimeMs now);

  const schema::Registry& registry_;
  log::KeyRing& keys_;
  Config config_;
  TokenSealer sealer_;
  admission::Admission admission_;
  reaction::Concerns concerns_;
  reaction::Rounds rounds_;  // of the open batch
  std::map<std::string, PluginLine> lines_;
  std::size_t round_first_ = 0;
  std::vector<Applied> applied_;  // said in this round
  FanOut following_;
  std::vector<PluginAnswered> late_answers_;  // came while a batch was being decided or written
  Reacting reacting_;
  std::int64_t patience_ms_ = limits::judge_patience_ms;
  TimeMs patience_at_;
  Seq gathered_to_;
  std::map<std::string, std::deque<std::shared_ptr<const Ready>>> ahead_;  // what was read for plugins that are behind
  TimerTable timers_;
  std::shared_ptr<const admission::Membership> members_;
  std::optional<TimeMs> next_expiry_;  // of an invitation
  std::unique_ptr<routing::RoutingTable> table_;
  Interner interner_{{}, {}};
  routing::Gates gates_;
  std::map<std::uint32_t, log::BackfillRow> backfills_;  // as committed
  std::optional<std::uint64_t> backfill_read_;
  Seq backfill_end_;                        // how far the read has come that is in releases_; 0 = none is
  std::deque<Item> releases_;               // their gates have opened; they join the next batch
  std::set<Seq> fetched_;                   // where those in releases_ and in the open batch waited
  std::optional<std::uint64_t> held_read_;  // the ReadChunks that looks for more of them

  LogEpoch log_epoch_;
  std::vector<log::EpochRow> epochs_;
  Seq next_seq_{1};
  Hash head_{};
  TimeMs last_recorded_;
  std::uint32_t next_erasure_ = 1;
  TimeMs last_tick_;
  bool clock_leapt_ = false;
  std::uint16_t deleted_month_ = 0;  // bodies of this month and earlier are gone
  TimeMs now_;                       // of the step that is being done
  std::vector<log::SchemaRow> new_schemas_;

  Phase phase_ = Phase::open;
  Batch batch_;
  log::Commit carry_over_;  // state of a commit that failed
  std::shared_ptr<const log::Commit> in_flight_;
  std::optional<Error> key_fault_;       // while a chunk is built
  std::optional<Error> refusing_;        // disk_full or storage_failed: why nothing is taken
  std::optional<Error> fault_;           // why the process must end; nothing is done after it
  std::optional<log::Testimony> proof_;  // what a receipt proved beside it
  TimeMs last_probe_;
  TimeMs last_state_commit_;

  std::deque<Frame> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool draining_ = false;
  std::uint64_t index_lag_ = 0;
  bool throttled_ = false;

  std::unordered_map<ConnectionNo, Session> sessions_;
  std::map<std::tuple<MemberNo, KeyNo, std::string>, ConnectionNo> session_by_name_;
  std::uint64_t next_epoch_ = 1;
  std::unordered_map<ProducerId, Producer> producers_;
  std::set<ProducerId> answered_;  // by the last commit, and not heard of since

  std::map<ConsumerNo, delivery::Consumer> consumers_;
  std::map<std::pair<MemberNo, std::string>, ConsumerNo> consumer_by_name_;
  std::unordered_map<ConsumerNo, ConnectionNo> attached_to_;
  std::set<ConsumerNo> ephemeral_;
  std::set<ConsumerNo> reading_;        // with a ReadChunks on its way
  std::set<ConsumerNo> new_consumers_;  // not stored yet
  std::vector<ConsumerNo> removed_consumers_;
  std::uint32_t next_consumer_ = 1;

  std::uint64_t next_read_ = 1;
  struct PendingRead {
    ConsumerNo consumer;
    std::optional<Seq> retry;
  };
  std::unordered_map<std::uint64_t, PendingRead> reads_;
  struct PendingSub {
    ConnectionNo connection;
    SessionEpoch epoch;
    wire::Sub sub;
  };
  std::unordered_map<std::uint64_t, PendingSub> pending_subs_;
  std::unordered_map<std::uint64_t, PendingHello> pending_hellos_;
  std::unordered_map<std::uint64_t, RunView> pending_explanations_;
  struct PendingShow {
    ConnectionNo connection;
    SessionEpoch epoch;
    std::uint32_t id = 0;
    const reaction::ViewSpec* view = nullptr;  // of its line's spec, which stays
  };
  std::map<std::uint64_t, PendingShow> pending_shows_;

  std::deque<std::shared_ptr<const Ready>> recent_;
  std::size_t recent_bytes_ = 0;
  struct Block {
    std::vector<Choice> chosen;
    wire::DeliverBlock block;
  };
  std::vector<std::unique_ptr<Block>> blocks_;  // of this pump round, shared by consumers alike
  std::unordered_map<MemberNo, std::unordered_map<const schema::EventType*, admission::Receive>> receive_cache_;

  std::vector<Access> accesses_;            // not in a commit yet
  std::vector<Access> accesses_in_flight_;  // in the one that is being written

  Counters counters_;
  ClockGuard guard_;
  Machine machine_;
};

}  // namespace iro::core

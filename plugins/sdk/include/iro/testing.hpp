// iro/testing.hpp: drive a plugin inside a test program.
//
// A Bench is a host in memory. It calls the plugin through the same C functions
// as the real host, without a process in between, so that a debugger and the
// sanitizers see the rule. Link the static twin (NAME_static of
// iro_add_plugin), say events, look at outcomes:
//
//   iro::testing::Bench bench(iro_plugin_entry, R"({"most_weeks": 4})");
//   iro::events::HandoverInvitedT invited;
//   invited.weeks = 5;
//   const auto outcome = bench.say(invited, {.sender = "school-a"});
//   expect(outcome.rejected("too_long"));
//   bench.advance(std::chrono::weeks(6));
//
// It holds the plugin to the limits and declarations that the hub does, and
// asks each question twice, the second time a fresh instance: a rule that keeps
// something in memory is found out (std::logic_error). What it does not do:
// check payloads against the schema, pass emitted events on, enforce budgets.
// One thread. State is written when a call ends well, as the hub does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iro/plugin.hpp"

/// The plugin that is linked in.
extern "C" const iro_entry iro_plugin_entry;

namespace iro {
inline namespace sdk {
namespace testing {

struct Emitted {
  std::string type;
  std::string payload;
  bool operator==(const Emitted&) const = default;
};
struct StoredValue {
  std::string bytes;
  std::string person;  // "": of nobody
  bool operator==(const StoredValue&) const = default;
};
struct PendingTimer {
  Time due;
  std::string person;
  bool operator==(const PendingTimer&) const = default;
};
struct HeldWord {
  Id event;
  bool release = false;
  std::string code;
  Text why;
  bool operator==(const HeldWord&) const = default;
};

/// What the plugin made of one event.
struct Outcome {
  iro_status status = IRO_OK;
  std::string fault;  // why, when the status is an error
  Verdict::Kind verdict = Verdict::Kind::accept;
  std::string code;
  Text why;
  std::vector<Text> notes;
  std::vector<Emitted> emits;
  std::vector<HeldWord> held;
  std::map<std::string, std::optional<StoredValue>> state;    // nothing: removed
  std::map<std::string, std::optional<PendingTimer>> timers;  // nothing: cancelled
  bool operator==(const Outcome&) const = default;

  [[nodiscard]] bool ok() const { return status == IRO_OK; }
  [[nodiscard]] bool accepted() const { return ok() && verdict == Verdict::Kind::accept; }
  [[nodiscard]] bool rejected(std::string_view with) const {
    return ok() && verdict == Verdict::Kind::reject && code == with;
  }
  [[nodiscard]] bool holds(std::string_view with) const {
    return ok() && verdict == Verdict::Kind::hold && code == with;
  }
  /// The emitted events of a type, unpacked.
  template <typename Native>
  [[nodiscard]] std::vector<Native> emitted() const {
    std::vector<Native> out;
    for (const Emitted& one : emits) {
      if (one.type != EventTraits<typename Native::TableType>::type) continue;
      std::vector<std::max_align_t> aligned(one.payload.size() / sizeof(std::max_align_t) + 1);
      std::memcpy(aligned.data(), one.payload.data(), one.payload.size());
      Native native;
      flatbuffers::GetRoot<typename Native::TableType>(aligned.data())->UnPackTo(&native);
      out.push_back(std::move(native));
    }
    return out;
  }
};

/// What a test may say of an event beside its payload.
struct Envelope {
  std::string sender = "school-a";
  Id id{};  // zero: the bench counts
  Id correlation{};
  Id causation{};
  std::uint8_t hop = 0;
};

class Bench {
 public:
  /// Makes an instance. `settings` are those that differ from plugin.toml. Throws Failed when create() fails.
  explicit Bench(const iro_entry& entry, std::string_view settings = "{}") : entry_(&entry) {
    rule_ = interface<iro_rule>(IRO_RULE_1);
    if (rule_ == nullptr) throw Failed(IRO_FAILED, "the plugin has no " IRO_RULE_1);
    declared_ = interface<Declared>(IRO_SDK_DECLARED_1);
    config_ = merged(settings);
    restart();
  }
  ~Bench() { rule_->destroy(self_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// The only clock. It begins on 1 September 2026, 8:00 UTC.
  [[nodiscard]] Time now() const { return now_; }
  void set_now(Time now) { now_ = now; }

  /// An event of the payload's type; subject and person are read from the payload, as the hub does.
  template <typename Native>
  Outcome say(const Native& payload, const Envelope& envelope = {}) {
    using Table = typename Native::TableType;
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(Table::Pack(builder, &payload));
    std::vector<std::max_align_t> aligned(builder.GetSize() / sizeof(std::max_align_t) + 1);
    std::memcpy(aligned.data(), builder.GetBufferPointer(), builder.GetSize());
    const auto& table = *flatbuffers::GetRoot<Table>(aligned.data());
    iro_event event = begin(IRO_EVENT, EventTraits<Table>::type, envelope);
    event.revision = EventTraits<Table>::revision;
    event.subject = detail::text_of(EventTraits<Table>::subject(table));
    event.person = detail::text_of(EventTraits<Table>::person(table));
    event.payload = {aligned.data(), builder.GetSize()};
    event.judged = judges(EventTraits<Table>::type) ? 1 : 0;
    if (event.judged == 0 && !reacts(EventTraits<Table>::type)) {
      throw Failed(IRO_INVALID,
                   "plugin.toml lists " + std::string(EventTraits<Table>::type) + " neither under judges nor reacts");
    }
    return run(event);
  }
  /// In a replay: here was an event of this type.
  Outcome say_erased(std::string_view type, const Envelope& envelope = {}) {
    return run(begin(IRO_ERASED, type, envelope));
  }

  /// Let time pass; timers that fall due ring in their order, each at its time.
  std::vector<Outcome> advance(std::chrono::milliseconds by) {
    std::vector<Outcome> out;
    const Time until = now_ + by;
    while (const auto next = first_due(until)) {
      const auto [key, timer] = *next;
      now_ = std::max(now_, timer.due);
      timers_.erase(key);
      iro_event event = begin(IRO_TIMER, {}, {.sender = "hub"});
      event.due_ms = timer.due.time_since_epoch().count();
      event.key = detail::bytes_of(key);
      event.person = detail::text_of(timer.person);
      out.push_back(run(event));
    }
    now_ = until;
    return out;
  }

  /// A person is erased: what is kept under that key is gone.
  void erase(std::string_view person) {
    std::erase_if(state_, [&](const auto& row) { return row.second.person == person; });
    std::erase_if(timers_, [&](const auto& row) { return row.second.person == person; });
  }
  /// A new process: a new instance on the same state.
  void restart() {
    void* fresh = create();
    if (self_ != nullptr) rule_->destroy(self_);
    self_ = fresh;
  }

  [[nodiscard]] const std::map<std::string, StoredValue>& state() const { return state_; }
  [[nodiscard]] const std::map<std::string, PendingTimer>& timers() const { return timers_; }
  /// Events that the plugin holds.
  [[nodiscard]] const std::set<Id>& held() const { return held_; }
  /// A value of a State or PersonState of the rule.
  template <typename T, template <typename> typename Kind>
  [[nodiscard]] std::optional<T> value(const Kind<T>& of, const Key& key) const {
    const auto at = state_.find(std::string(of.name()) + '/' + key.text());
    return at == state_.end() ? std::nullopt : std::optional<T>(archive::decode<T>(at->second.bytes));
  }

  /// A view's JSON, for the member `asker`. Throws Failed with the plugin's fault.
  std::string show(std::string_view name, std::string_view args = "{}", std::string_view asker = "operator") {
    const auto* views = interface<iro_views>(IRO_VIEWS_1);
    if (views == nullptr) throw Failed(IRO_FAILED, "the plugin has no views");
    Call call{this, {}, 0, 0, true, false, {}};
    call.asker = asker;
    std::string answer;
    const auto take = [](void* context, iro_text json) {
      static_cast<std::string*>(context)->assign(detail::view_of(json));
    };
    const iro_status status = views->show(self_, raw(call), detail::text_of(name), detail::text_of(args),
                                          now_.time_since_epoch().count(), take, &answer);
    if (status != IRO_OK) throw Failed(status, call.outcome.fault);
    return answer;
  }
  /// The plugin's own test: what it looked at, and whether that was right.
  [[nodiscard]] std::vector<std::pair<std::string, bool>> selftest() const {
    std::vector<std::pair<std::string, bool>> out;
    const auto* test = interface<iro_selftest>(IRO_SELFTEST_1);
    if (test == nullptr) return out;
    const auto take = [](void* context, iro_text what, std::int32_t ok) {
      static_cast<std::vector<std::pair<std::string, bool>>*>(context)->emplace_back(detail::view_of(what), ok != 0);
    };
    if (test->run(take, &out) != IRO_OK) out.emplace_back("the self-test ended with an error", false);
    return out;
  }

 private:
  struct Call {
    Bench* bench;
    Outcome outcome;
    std::size_t bytes;
    std::size_t notes;
    bool reading;
    bool judged;
    std::deque<std::string> kept;  // what get() handed out stays where it is until the call ends
    std::string asker = {};
  };
  static iro_call* raw(Call& call) { return reinterpret_cast<iro_call*>(&call); }
  static Call& of(iro_call* call) { return *reinterpret_cast<Call*>(call); }

  template <typename Table>
  const Table* interface(const char* id) const {
    return static_cast<const Table*>(entry_->query(id));
  }

  // ---- settings

  [[nodiscard]] std::string merged(std::string_view settings) const {
    json::Object all = json::parse(declared_ == nullptr ? "{}" : detail::view_of(declared_->defaults));
    for (auto& [name, value] : json::parse(settings)) {
      if (declared_ != nullptr && declared_->from_manifest != 0 && !all.contains(name)) {
        throw Failed(IRO_INVALID, "plugin.toml has no [config." + name + "]");
      }
      all.insert_or_assign(name, value);
    }
    std::string out = "{";
    for (const auto& [name, value] : all)
      out += (out.size() > 1 ? "," : "") + json::quoted(name) + ":" + text_of(value);
    return out + "}";
  }
  static std::string text_of(const json::Value& value) {
    using Kind = json::Value::Kind;
    if (value.kind == Kind::text) return json::quoted(value.text);
    if (value.kind == Kind::null) return "null";
    if (value.kind != Kind::list) return value.text;
    std::string out = "[";
    for (const json::Value& item : value.items) out += (out.size() > 1 ? "," : "") + text_of(item);
    return out + "]";
  }

  // ---- the host

  void* create() {
    void* self = nullptr;
    creation_fault().clear();
    const iro_status status = rule_->create(&host, detail::text_of(config_), &self);
    if (status != IRO_OK) throw Failed(status, creation_fault());
    return self;
  }
  /// create() has no call to hang its fault on.
  static std::string& creation_fault() {
    static thread_local std::string fault;
    return fault;
  }

  iro_event begin(std::uint32_t kind, std::string_view type, const Envelope& envelope) {
    sender_ = envelope.sender;
    iro_event event{};
    event.size = sizeof event;
    event.kind = kind;
    Id id = envelope.id;
    if (id.is_zero()) {
      ++events_;
      for (std::size_t i = 0; i < 8; ++i) id.b[15 - i] = static_cast<std::uint8_t>(events_ >> (8 * i));
    }
    event.id = detail::id_of(id);
    event.correlation = detail::id_of(envelope.correlation);
    event.causation = detail::id_of(envelope.causation);
    event.now_ms = now_.time_since_epoch().count();
    event.time_ms = event.now_ms;
    event.type = detail::text_of(type);
    event.source = detail::text_of("urn:nld:oin:00000000000000000000:systeem:bench");
    event.sender = detail::text_of(sender_);
    event.hop = envelope.hop;
    return event;
  }

  Outcome run(const iro_event& event) {
    const Outcome outcome = ask(self_, event);
    void* fresh = create();
    const Outcome again = ask(fresh, event);
    rule_->destroy(fresh);
    if (!(outcome == again)) {
      throw std::logic_error(
          "asked again, a fresh instance gave another answer: the rule keeps something outside its state");
    }
    if (!outcome.ok()) return outcome;
    const Id id = detail::id_of(event.id);
    if (outcome.verdict == Verdict::Kind::hold) held_.insert(id);
    for (const auto& [key, value] : outcome.state) {
      if (value) {
        state_.insert_or_assign(key, *value);
      } else {
        state_.erase(key);
      }
    }
    for (const auto& [key, timer] : outcome.timers) {
      if (timer) {
        timers_.insert_or_assign(key, *timer);
      } else {
        timers_.erase(key);
      }
    }
    for (const HeldWord& word : outcome.held) held_.erase(word.event);
    return outcome;
  }
  Outcome ask(void* self, const iro_event& event) {
    Call call{this, {}, 0, 0, false, event.judged != 0, {}};
    const iro_status status = rule_->on_event(self, &event, raw(call));
    Outcome& out = call.outcome;
    out.status = status;
    Outcome counts;  // after an error, and after a rejection, what else it wrote is dropped
    counts.status = status;
    if (status != IRO_OK) {
      counts.fault = out.fault;
      return counts;
    }
    out.fault.clear();
    if (out.verdict != Verdict::Kind::reject) return std::move(out);
    counts.verdict = out.verdict;
    counts.code = out.code;
    counts.why = out.why;
    return counts;
  }
  std::optional<std::pair<std::string, PendingTimer>> first_due(Time until) const {
    std::optional<std::pair<std::string, PendingTimer>> first;
    for (const auto& row : timers_) {
      if (row.second.due <= until && (!first || row.second.due < first->second.due)) first = row;
    }
    return first;
  }
  static bool has(const iro_text* names, std::size_t count, std::string_view name) {
    return std::any_of(names, names + count, [&](iro_text one) { return detail::view_of(one) == name; });
  }
  bool judges(std::string_view type) const {
    return declared_ != nullptr && has(declared_->judges, declared_->judges_count, type);
  }
  bool is_judge() const { return declared_ != nullptr && declared_->judges_count > 0; }
  bool reacts(std::string_view type) const {
    return declared_ == nullptr || has(declared_->reacts, declared_->reacts_count, type);
  }

  // ---- services: the same checks as the real host makes

  static iro_status check_key(iro_bytes key) {
    if (key.size == 0) return IRO_INVALID;
    return key.size > IRO_KEY_BYTES ? IRO_LIMIT : IRO_OK;
  }
  /// Nobody, or a pseudonym: 8 to 64 letters, digits, '-' and '_'.
  static bool good_person(iro_text person) {
    return person.size == 0 ||
           (person.size >= 8 && person.size <= 64 && std::all_of(person.data, person.data + person.size, [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
            }));
  }
  static bool room(Call& call, std::size_t bytes) {
    if (call.bytes + bytes > IRO_EFFECT_BYTES) return false;
    call.bytes += bytes;
    return true;
  }
  static iro_status note(Call& call, iro_text nl, iro_text en) {
    if (nl.size == 0 || en.size == 0) return IRO_INVALID;
    if (call.notes == IRO_NOTES_PER_EVENT || nl.size > IRO_NOTE_BYTES || en.size > IRO_NOTE_BYTES) return IRO_LIMIT;
    ++call.notes;
    return room(call, nl.size + en.size) ? IRO_OK : IRO_LIMIT;
  }
  std::map<std::string, std::string> rows(const Call& call) const {
    std::map<std::string, std::string> out;
    for (const auto& [key, value] : state_) out.emplace(key, value.bytes);
    for (const auto& [key, value] : call.outcome.state) {
      if (value) {
        out.insert_or_assign(key, value->bytes);
      } else {
        out.erase(key);
      }
    }
    return out;
  }

  static iro_status get(iro_call* c, iro_bytes key, iro_bytes* value) {
    Call& call = of(c);
    const std::string name(detail::view_of(key));
    if (const iro_status bad = check_key(key); bad != IRO_OK) return bad;
    const auto give = [&](const std::string& bytes) {
      *value = detail::bytes_of(call.kept.emplace_back(bytes));
      return IRO_OK;
    };
    if (const auto at = call.outcome.state.find(name); at != call.outcome.state.end()) {
      return at->second ? give(at->second->bytes) : IRO_NOT_FOUND;
    }
    const auto at = call.bench->state_.find(name);
    return at == call.bench->state_.end() ? IRO_NOT_FOUND : give(at->second.bytes);
  }
  static iro_status each(iro_call* c, iro_bytes prefix, iro_state_visitor visitor, void* context) {
    Call& call = of(c);
    for (const auto& [key, value] : call.bench->rows(call)) {
      if (!std::string_view(key).starts_with(detail::view_of(prefix))) continue;
      if (visitor(context, detail::bytes_of(key), detail::bytes_of(value)) != 0) return IRO_STOPPED;
    }
    return IRO_OK;
  }
  static iro_status put(iro_call* c, iro_bytes key, iro_bytes value, iro_text person) {
    Call& call = of(c);
    if (call.reading) return IRO_DENIED;
    if (const iro_status bad = check_key(key); bad != IRO_OK) return bad;
    if (value.size > IRO_VALUE_BYTES || !room(call, key.size + value.size)) return IRO_LIMIT;
    if (!good_person(person)) return IRO_INVALID;
    call.outcome.state.insert_or_assign(
        std::string(detail::view_of(key)),
        StoredValue{std::string(detail::view_of(value)), std::string(detail::view_of(person))});
    return IRO_OK;
  }
  static iro_status remove(iro_call* c, iro_bytes key) {
    Call& call = of(c);
    if (call.reading) return IRO_DENIED;
    if (const iro_status bad = check_key(key); bad != IRO_OK) return bad;
    if (!room(call, key.size)) return IRO_LIMIT;
    call.outcome.state.insert_or_assign(std::string(detail::view_of(key)), std::nullopt);
    return IRO_OK;
  }
  static iro_status emit(iro_call* c, iro_text type, iro_bytes payload) {
    Call& call = of(c);
    const Declared* declared = call.bench->declared_;
    if (call.reading) return IRO_DENIED;
    if (declared != nullptr && declared->from_manifest != 0 &&
        !has(declared->emits, declared->emits_count, detail::view_of(type))) {
      return IRO_DENIED;
    }
    if (call.outcome.emits.size() == IRO_EMITS_PER_EVENT || !room(call, type.size + payload.size)) return IRO_LIMIT;
    call.outcome.emits.push_back({std::string(detail::view_of(type)), std::string(detail::view_of(payload))});
    return IRO_OK;
  }
  static bool room_for_timer(Call& call, iro_bytes key) {
    const bool again = call.outcome.timers.contains(std::string(detail::view_of(key)));
    return (again || call.outcome.timers.size() < IRO_TIMERS_PER_EVENT) && room(call, key.size);
  }
  static iro_status set_timer(iro_call* c, iro_bytes key, std::int64_t due_ms, iro_text person) {
    Call& call = of(c);
    if (call.reading) return IRO_DENIED;
    if (const iro_status bad = check_key(key); bad != IRO_OK) return bad;
    if (due_ms <= 0 || !good_person(person)) return IRO_INVALID;
    if (!room_for_timer(call, key)) return IRO_LIMIT;
    call.outcome.timers.insert_or_assign(std::string(detail::view_of(key)),
                                         PendingTimer{time_of(due_ms), std::string(detail::view_of(person))});
    return IRO_OK;
  }
  static iro_status cancel_timer(iro_call* c, iro_bytes key) {
    Call& call = of(c);
    if (call.reading) return IRO_DENIED;
    if (const iro_status bad = check_key(key); bad != IRO_OK) return bad;
    if (!room_for_timer(call, key)) return IRO_LIMIT;
    call.outcome.timers.insert_or_assign(std::string(detail::view_of(key)), std::nullopt);
    return IRO_OK;
  }
  static iro_status rule_on(Call& call, Verdict::Kind kind, iro_text code, iro_text nl, iro_text en) {
    if (call.reading || !call.judged) return IRO_DENIED;
    if (const iro_status bad = note(call, nl, en); bad != IRO_OK) return bad;
    call.outcome.verdict = kind;
    call.outcome.code = detail::view_of(code);
    call.outcome.why = {std::string(detail::view_of(nl)), std::string(detail::view_of(en))};
    return IRO_OK;
  }
  static iro_status reject(iro_call* c, iro_text code, iro_text nl, iro_text en) {
    return rule_on(of(c), Verdict::Kind::reject, code, nl, en);
  }
  static iro_status hold(iro_call* c, iro_text code, iro_text nl, iro_text en) {
    return rule_on(of(c), Verdict::Kind::hold, code, nl, en);
  }
  static iro_status release(iro_call* c, iro_id held) {
    Call& call = of(c);
    if (call.reading || !call.bench->is_judge()) return IRO_DENIED;
    call.outcome.held.push_back({detail::id_of(held), true, {}, {}});
    return IRO_OK;
  }
  static iro_status refuse(iro_call* c, iro_id held, iro_text code, iro_text nl, iro_text en) {
    Call& call = of(c);
    if (call.reading || !call.bench->is_judge()) return IRO_DENIED;
    if (const iro_status bad = note(call, nl, en); bad != IRO_OK) return bad;
    call.outcome.held.push_back({detail::id_of(held),
                                 false,
                                 std::string(detail::view_of(code)),
                                 {std::string(detail::view_of(nl)), std::string(detail::view_of(en))}});
    return IRO_OK;
  }
  static iro_status explain(iro_call* c, iro_text nl, iro_text en) {
    Call& call = of(c);
    if (call.reading) return IRO_DENIED;
    if (const iro_status bad = note(call, nl, en); bad != IRO_OK) return bad;
    call.outcome.notes.push_back({std::string(detail::view_of(nl)), std::string(detail::view_of(en))});
    return IRO_OK;
  }
  static iro_status tell(iro_call* c, iro_text what) {
    (c == nullptr ? creation_fault() : of(c).outcome.fault) = detail::view_of(what);
    return IRO_OK;
  }

  static iro_status asking_member(iro_call* c, iro_text* slug) {
    Call& call = of(c);
    if (!call.reading) return IRO_DENIED;
    *slug = detail::text_of(call.asker);
    return IRO_OK;
  }

  static constexpr iro_host_state state_service{sizeof(iro_host_state), 0, get, each, put, remove};
  static constexpr iro_host_emit emit_service{sizeof(iro_host_emit), 0, emit};
  static constexpr iro_host_timer timer_service{sizeof(iro_host_timer), 0, set_timer, cancel_timer};
  static constexpr iro_host_verdict verdict_service{sizeof(iro_host_verdict), 0, reject, hold, release, refuse};
  static constexpr iro_host_explain explain_service{sizeof(iro_host_explain), 0, explain};
  static constexpr iro_host_fault fault_service{sizeof(iro_host_fault), 0, tell};
  static constexpr iro_host_asker asker_service{sizeof(iro_host_asker), 0, asking_member};
  static const void* service(const char* id) {
    const std::string_view wanted(id);
    if (wanted == IRO_HOST_STATE_1) return &state_service;
    if (wanted == IRO_HOST_EMIT_1) return &emit_service;
    if (wanted == IRO_HOST_TIMER_1) return &timer_service;
    if (wanted == IRO_HOST_VERDICT_1) return &verdict_service;
    if (wanted == IRO_HOST_EXPLAIN_1) return &explain_service;
    if (wanted == IRO_HOST_FAULT_1) return &fault_service;
    if (wanted == IRO_HOST_ASKER_1) return &asker_service;
    return nullptr;
  }
  static constexpr iro_host host{sizeof(iro_host), IRO_ABI_MAJOR, IRO_ABI_MINOR, service};

  const iro_entry* entry_;
  const iro_rule* rule_ = nullptr;
  const Declared* declared_ = nullptr;
  std::string config_;
  void* self_ = nullptr;
  Time now_ = std::chrono::sys_days(std::chrono::year(2026) / 9 / 1) + std::chrono::hours(8);
  std::string sender_;
  std::uint64_t events_ = 0;
  std::map<std::string, StoredValue> state_;
  std::map<std::string, PendingTimer> timers_;
  std::set<Id> held_;
};

// ---- a test program in a few lines, for projects without a test library of their own

inline void expect(bool what, std::source_location where = std::source_location::current()) {
  if (!what) throw std::logic_error(words(where.file_name(), ":", where.line(), ": not as expected"));
}
struct Case {
  std::string_view name;  // a sentence
  std::function<void()> test;
};
/// return iro::testing::run({{"a first-year stays six weeks", [] { ... }}});
inline int run(const std::vector<Case>& cases) {
  int failures = 0;
  for (const Case& one : cases) {
    std::string why;
    try {
      one.test();
    } catch (const std::exception& exception) {
      why = exception.what();
      ++failures;
    }
    std::printf("%s - %.*s%s%s\n", why.empty() ? "ok" : "not ok", static_cast<int>(one.name.size()), one.name.data(),
                why.empty() ? "" : ": ", why.c_str());
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace testing
}  // namespace sdk
}  // namespace iro

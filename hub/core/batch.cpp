// The open batch becomes a commit: plugins react until it is quiet, routing
// writes down who may hear each event, and the chunk is built.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/base/assert.hpp"
#include "hub/core/core.hpp"

namespace iro::core {
namespace json = boost::json;
namespace {

/// Only those who were entitled before: what waited is not widened by what happened since.
void narrow(routing::Decision& decision, const std::vector<MemberNo>& entitled) {
  const auto outside = [&](MemberNo m) { return !std::ranges::binary_search(entitled, m); };
  std::erase_if(decision.full, outside);
  std::erase_if(decision.masked, outside);
  std::erase_if(decision.reasons, [&](const log::Reason& r) { return outside(r.member); });
}

std::uint16_t expiry_of(const schema::EventType& type, TimeMs recorded) {
  const std::uint16_t months = type.retention_months;
  return months == 0 ? log::kept_for_ever : static_cast<std::uint16_t>(month_of(recorded) + months + 1);
}

}  // namespace

void Core::close_batch(TimeMs now, Actions& out) {
  if (phase_ != Phase::open) return;
  if (rounds_.any() && !batch_.items.empty()) return begin_round(0, now, out);
  commit_batch(now, out);
}

void Core::begin_round(std::size_t first_item, TimeMs now, Actions& out) {
  std::vector<reaction::CallEvent> events;
  round_items_.clear();
  for (std::size_t i = first_item; i < batch_.items.size(); ++i) {
    events.push_back({static_cast<std::uint32_t>(i), batch_.items[i].event});
    round_items_.push_back(static_cast<std::uint32_t>(i));
  }
  phase_ = Phase::reacting;
  call_plugins(rounds_.begin(events), now, out);
}

void Core::call_plugins(std::vector<reaction::Call> calls, TimeMs now, Actions& out) {
  if (calls.empty()) {
    phase_ = Phase::open;
    return commit_batch(now, out);
  }
  for (auto& call : calls) out.emplace_back(CallPlugin{std::move(call)});
}

void Core::on_plugin(PluginAnswered answered, TimeMs now, Actions& out) {
  IRO_ASSERT(phase_ == Phase::reacting, "a plugin answers while a batch reacts");
  auto applied = rounds_.answer(std::move(answered.result));
  if (!applied) return;
  const bool judged = rounds_.judging();
  const std::size_t first_new = batch_.items.size();
  apply_outcomes(std::move(*applied));
  if (judged) {
    std::vector<std::uint32_t> accepted;
    for (const std::uint32_t i : round_items_) {
      if (batch_.items[i].ruling != reaction::Ruling::reject) accepted.push_back(i);
    }
    auto calls = rounds_.next(accepted);
    if (!calls.empty()) {
      call_plugins(std::move(calls), now, out);
      return;
    }
  }
  // What the judges emitted waits for the reacting phase too, so a round begins at the first item that no round has
  // seen.
  const std::size_t seen = round_items_.empty() ? first_new : round_items_.back() + 1;
  if (batch_.items.size() > seen) return begin_round(seen, now, out);
  phase_ = Phase::open;
  commit_batch(now, out);
}

void Core::apply_outcomes(std::vector<reaction::Rounds::Applied> applied) {
  for (auto& [plugin, outcome] : applied) {
    if (outcome.item >= batch_.items.size()) continue;
    Item& item = batch_.items[outcome.item];
    if (rounds_.judging()) {
      item.ruling = outcome.ruling;
      item.reason = outcome.reason;
      if (outcome.ruling == reaction::Ruling::reject) continue;  // a refused event has no effects
    }
    for (const auto& change : outcome.state) put_state(plugin, change, *item.admitted.type);
    for (auto& row : outcome.timers) batch_.timers.push_back(std::move(row));
    for (const auto& emit : outcome.emits) apply_emit(outcome.item, plugin, emit);
  }
}

/// An emitted event joins the batch under a derived id: a replay cannot double it.
void Core::apply_emit(std::uint32_t cause, const std::string& plugin, const reaction::Emit& emit) {
  const schema::EventType* type = registry_.find(emit.type);
  if (type == nullptr) return refuse_emit(cause, plugin, emit, Errc::unknown_type);
  if (!registry_.verify(*type, emit.payload)) return refuse_emit(cause, plugin, emit, Errc::payload_invalid);
  if (batch_.items[cause].event.hop >= limits::hop) return refuse_emit(cause, plugin, emit, Errc::hop_limit);
  batch_.items.push_back(derived_item(cause, plugin, *type, emit.payload));
}

/// What a plugin wanted to say and may not becomes hub.refused; the event that it answered stands. The refusal of an
/// answer to a refusal is a row of the audit only, or two would go on for ever.
void Core::refuse_emit(std::uint32_t cause, const std::string& plugin, const reaction::Emit& emit, Errc code) {
  constexpr std::string_view refused = "nl.placements.hub.refused.v1";
  ++counters_.refused;
  ++counters_.refusals[code];
  const Item& source = batch_.items[cause];
  const std::string reason = fmt::format("{}: {}", emit.type.substr(0, limits::attribute_bytes), info(code).en);
  if (source.event.type == refused) {
    batch_.audit.push_back({last_recorded_, admission::operator_no, "hub.refused",
                            fmt::format("plugin {} on {}: {}", plugin, to_string(source.event.id), reason)});
    return;
  }
  const schema::EventType* type = registry_.find(refused);
  IRO_ASSERT(type != nullptr, "hub.fbs has it");
  auto payload = registry_.from_json(*type, json::serialize(json::object{{"event_id", to_string(source.event.id)},
                                                                         {"code", static_cast<int>(code)},
                                                                         {"reason", reason},
                                                                         {"plugin", plugin}}));
  IRO_ASSERT(payload.has_value(), "an object of its fields");
  batch_.items.push_back(derived_item(cause, "hub", *type, std::move(*payload)));
}

Core::Item Core::derived_item(std::uint32_t cause_index, const std::string& maker, const schema::EventType& type,
                              Bytes payload) {
  Item& cause = batch_.items[cause_index];
  auto made = std::make_shared<schema::Event>();
  made->id = derive_event_id(maker, cause.event.id, cause.ordinal++);
  made->type = type.name;
  made->revision = type.revision;
  made->source = fmt::format("urn:nld:oin:{}:systeem:{}{}", config_.hub_oin, maker == "hub" ? "" : "plugin-", maker);
  made->time = cause.event.time;
  made->correlationid = cause.event.correlationid.is_zero() ? cause.event.id : cause.event.correlationid;
  made->causationid = cause.event.id;
  made->hop = static_cast<std::uint8_t>(std::min<int>(cause.event.hop + 1, limits::hop));
  made->payload = std::move(payload);
  Item item;
  item.event = schema::view_of(*made);
  item.memory = std::shared_ptr<const Bytes>(made, &made->payload);
  item.sender = admission::operator_no;
  item.admitted = {&type, registry_.facts(type, item.event.payload), std::nullopt};
  item.emitted_by = cause_index + 1;
  batch_.bytes += item.event.payload.size() + 256;
  return item;
}

void Core::commit_batch(TimeMs now, Actions& out) {
  take_releases();
  // With nothing published, cursors alone are worth a commit once a second; who was given what goes with them.
  const bool due = draining_ || now.value() - last_state_commit_.value() >= 1'000;
  if (!batch_.items.empty() || !batch_.producers.empty() || !batch_.audit.empty() || due) take_accesses();
  auto commit = std::make_shared<log::Commit>(std::exchange(carry_over_, {}));
  if (!batch_.items.empty()) build_chunk(*commit, now);
  if (key_fault_) {  // a body without its key must not be written: the whole batch is refused
    carry_over_ = {};
    return commit_failed(*std::exchange(key_fault_, std::nullopt), now, out);
  }
  if (!batch_.items.empty() || !batch_.producers.empty() || !batch_.audit.empty() || batch_.retention ||
      (backfill_end_.value() != 0 && !refusing_) || due)
    collect_state(*commit, now);
  if (refusing_ && refusing_->code == Errc::storage_failed) {
    carry_over_ = std::move(*commit);
    answer_waiters(now, out);
    return;
  }
  if (commit->empty()) {
    answer_waiters(now, out);
    return;
  }
  last_state_commit_ = now;
  phase_ = Phase::committing;
  in_flight_ = commit;
  out.emplace_back(CommitNow{std::move(commit)});
}

void Core::build_chunk(log::Commit& commit, TimeMs now) {
  const TimeMs recorded = std::max(now, last_recorded_);  // positions and times go the same way
  log::ChunkBuilder builder(next_seq_, recorded, head_);
  MemberUnion everybody;
  for (std::size_t i = 0; i < batch_.items.size(); ++i) {
    Item& item = batch_.items[i];
    if (item.ruling == reaction::Ruling::reject || shut_again(item)) continue;
    const Seq seq = next_seq_.plus(builder.count());
    log::EntryView entry = make_entry(item, recorded);
    decide_audience(item, entry, everybody);
    // A copy is kept no longer than what it copies.
    entry.expiry_month = item.released_from.value() != 0 ? item.expiry_month : expiry_of(*item.admitted.type, recorded);
    if (item.admitted.type->has_person || item.admitted.type->has_personal_fields) {
      const Bytes sealed = stored_body(item, entry);
      note_gate(item, entry, seq);
      builder.add(entry, sealed);
    } else {
      note_gate(item, entry, seq);
      builder.add(entry, item.event.payload);
    }
    count_type(item.event.type);
  }
  if (builder.count() == 0) return;
  for (const auto& row : new_schemas_) {
    ByteWriter bytes;
    bytes.bytes(row.hash);
    bytes.text16(row.name);
    builder.define({log::DefinitionKind::schema, row.no, bytes.take()});
  }
  bury(commit, builder, recorded);
  commit.schemas = new_schemas_;
  for (const auto& definition : interner_.staged()) builder.define(definition);
  commit.definitions = interner_.staged();
  commit.chunk = std::make_shared<const log::Chunk>(std::move(builder).finish(everybody.members()));
}

log::EntryView Core::make_entry(const Item& item, TimeMs recorded) {
  log::EntryView e;
  e.id = item.event.id;
  e.type = interner_.atom(item.event.type);
  e.revision = item.event.revision;
  e.source = interner_.atom(item.event.source);
  e.sender = item.sender;
  e.producer = item.producer;
  e.producer_seq = item.sequence;
  e.time = item.event.time;
  e.recordedtime = recorded;
  e.expirytime = item.event.expirytime;
  e.hop = item.event.hop;
  e.routing = item.admitted.type->routing;
  e.gate = item.admitted.type->gate;
  e.correlationid = item.event.correlationid;
  e.causationid = item.event.causationid;
  e.subject = item.admitted.facts.subject;
  e.traceparent = item.event.traceparent;
  e.datacategory = item.admitted.type->datacategory;
  e.foreign_id = item.event.foreign_id;
  e.released_from = item.released_from;
  return e;
}

void Core::count_type(std::string_view type) {
  auto at = counters_.by_type.find(type);
  if (at == counters_.by_type.end()) at = counters_.by_type.emplace(type, 0).first;
  ++at->second;
}

const Core::ClassAudience& Core::class_audience(const schema::EventType& type, MemberUnion& everybody) {
  const auto [at, fresh] = batch_.class_audiences.try_emplace(&type);
  if (fresh) {
    const auto& audience = table_->of(type);
    at->second = {interner_.audience(audience.full), interner_.audience(audience.masked)};
    everybody.add(audience.full);
    everybody.add(audience.masked);
  }
  return at->second;
}

void Core::decide_audience(Item& item, log::EntryView& entry, MemberUnion& everybody) {
  if (item.backfill != 0) return decide_backfill(item, entry, everybody);
  if (item.record_only) return;
  const schema::EventType& type = *item.admitted.type;
  const bool gated = type.gate != schema::Gate::none && item.released_from.value() == 0 &&
                     !gates_.is_open(item.admitted.facts.gate_key, now_);
  item.waits = gated || item.ruling == reaction::Ruling::hold;
  if (item.waits) entry.flags |= log::held;
  if (!routing::by_party(type.routing) && !item.waits) {
    const ClassAudience& audience = class_audience(type, everybody);
    entry.full = audience.full;
    entry.masked = audience.masked;
    return;
  }
  routing::Decision decision = routing::route(type, item.admitted.facts, *members_, *table_);
  if (item.released_from.value() != 0) narrow(decision, item.entitled);
  counters_.strangers += decision.strangers.size();
  entry.reasons = std::move(decision.reasons);  // also of what waits: a release works from them
  if (item.waits) return;
  entry.full = interner_.audience(decision.full);
  entry.masked = interner_.audience(decision.masked);
  everybody.add(decision.full);
  everybody.add(decision.masked);
}

Bytes Core::stored_body(const Item& item, log::EntryView& entry) {
  const schema::Facts& facts = item.admitted.facts;
  const std::string_view owner = facts.person.empty() ? facts.subject : facts.person;
  const auto key = keys_.get_or_create(owner, item.admitted.type->retention_months);
  if (!key) {
    key_fault_ = key.error();
    return {};
  }
  entry.person_key = key->no;
  entry.flags |= log::encrypted;
  return log::seal(*key, item.event.id, item.event.payload);
}

/// State that becomes durable with this commit: producers, members, consumers, what plugins wrote.
void Core::collect_state(log::Commit& commit, TimeMs now) {
  for (const ProducerId& id : batch_.producers) {
    Producer& p = producers_.at(id);
    log::ProducerRow row = p.row;
    row.last_seq = p.pending;
    row.last_hash = p.pending_hash;
    row.last_used = now;
    if (commit.chunk) row.receipts.push_back({p.pending, commit.chunk->last_seq()});
    if (row.receipts.size() > limits::receipts_per_producer) row.receipts.erase(row.receipts.begin());
    commit.producers.push_back(std::move(row));
  }
  for (const MemberNo no : batch_.members_changed)
    commit.members.push_back(admission::Membership::to_row(*batch_.members->find(no)));
  for (const auto& hash : batch_.foreign) commit.foreign_ids.push_back({hash, now});
  commit.forget_foreign_before = admission_.expire_foreign(now);
  commit.audit.insert(commit.audit.end(), batch_.audit.begin(), batch_.audit.end());
  std::ranges::move(batch_.plugin_state, std::back_inserter(commit.plugin_state));
  std::ranges::move(batch_.timers, std::back_inserter(commit.timers));
  if (batch_.retention) commit.retention = log::RetentionRow{*batch_.retention, now};
  gates_.collect(commit);
  collect_backfills(commit);
  for (auto& [no, consumer] : consumers_) {
    if (ephemeral_.contains(no) || (!consumer.changed() && !new_consumers_.contains(no))) continue;
    const delivery::Changes changes = consumer.take_changes();
    if (changes.cursor || new_consumers_.contains(no))
      commit.consumers.push_back(
          {no, consumer.member(), consumer.name(), consumer.filter_text(), consumer.cursor(), now, consumer.start()});
    for (const auto& [seq, row] : changes.deviations) {
      if (row)
        commit.deviations.push_back(*row);
      else
        commit.deviations_removed.emplace_back(no, seq);
    }
  }
  new_consumers_.clear();
  for (const ConsumerNo no : std::exchange(removed_consumers_, {})) commit.consumers_removed.push_back(no);
}

}  // namespace iro::core

// The open batch becomes a commit: plugins react until it is quiet, routing
// writes down who may hear each event, and the chunk is built.
#include <fmt/format.h>

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/core/core.hpp"

namespace iro::core {
namespace {

/// Only those who were entitled before: what waited is not widened by what happened since.
void narrow(routing::Decision& decision, const std::vector<MemberNo>& entitled) {
  const auto outside = [&](MemberNo m) { return !std::ranges::binary_search(entitled, m); };
  std::erase_if(decision.full, outside);
  std::erase_if(decision.masked, outside);
  std::erase_if(decision.reasons, [&](const log::Reason& r) { return outside(r.member); });
}

std::uint16_t expiry_of(std::uint16_t months, TimeMs recorded) {
  return months == 0 ? log::kept_for_ever : static_cast<std::uint16_t>(month_of(recorded) + months + 1);
}

}  // namespace

void Core::close_batch(TimeMs now, Actions& out) {
  if (phase_ != Phase::open) return;
  take_releases();
  if (!lines_.empty() && !batch_.items.empty()) {
    reacting_ = {reacting_.batch + 1, 0};
    return begin_round(0, now, out);
  }
  commit_batch(now, out);
}

void Core::commit_batch(TimeMs now, Actions& out) {
  // With nothing published, cursors alone are worth a commit once a second; who was given what goes with them.
  const bool due = draining_ || now.value() - last_state_commit_.value() >= 1'000;
  if (!batch_.items.empty() || !batch_.producers.empty() || !batch_.audit.empty() || due) take_accesses();
  auto commit = std::make_shared<log::Commit>(std::exchange(carry_over_, {}));
  if (!batch_.items.empty()) build_chunk(*commit, now);
  if (key_fault_) {  // a body without its key must not be written: the whole batch is refused
    carry_over_ = {};
    return commit_failed(*std::exchange(key_fault_, std::nullopt), now, out);
  }
  // Whatever is committed takes everything that has changed along: it counts as written from then on.
  if (!commit->empty() || !batch_.items.empty() || !batch_.producers.empty() || !batch_.audit.empty() ||
      batch_.retention || plugins_changed() || (backfill_end_.value() != 0 && !refusing_) || due)
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
  // Positions and times go the same way.
  const TimeMs recorded = batch_.recorded.value_or(std::max(now, last_recorded_));
  log::ChunkBuilder builder(next_seq_, recorded, head_);
  MemberUnion everybody;
  for (std::size_t i = 0; i < batch_.items.size(); ++i) {
    Item& item = batch_.items[i];
    if (item.ruling == reaction::Ruling::reject || shut_again(item)) continue;
    const Seq seq = next_seq_.plus(builder.count());
    item.seq = seq;
    log::EntryView entry = make_entry(item, recorded);
    decide_audience(item, entry, everybody);
    // A copy is kept no longer than what it copies.
    entry.expiry_month =
        item.released_from.value() != 0
            ? item.expiry_month
            : expiry_of(item.retention_months.value_or(item.admitted.type->retention_months), recorded);
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
  place_plugins();
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
  const bool first_time = item.released_from.value() == 0 || item.rule_released;
  const bool gated =
      type.gate != schema::Gate::none && first_time && !gates_.is_open(item.admitted.facts.gate_key, now_);
  item.waits = gated || item.ruling == reaction::Ruling::hold;
  if (item.waits) entry.flags |= log::held;
  if (!item.held_by.empty() || item.rule_released) entry.flags |= log::by_rule;
  if (!routing::by_party(type.routing) && !item.waits) {
    const ClassAudience& audience = class_audience(type, everybody);
    entry.full = audience.full;
    entry.masked = audience.masked;
    return;
  }
  routing::Decision decision = routing::route(type, item.admitted.facts, *members_, *table_);
  if (item.released_from.value() != 0 && routing::by_party(type.routing)) narrow(decision, item.entitled);
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
  const std::string_view owner = !item.owner.empty()    ? std::string_view(item.owner)
                                 : facts.person.empty() ? facts.subject
                                                        : facts.person;
  const auto key = keys_.get_or_create(owner, item.retention_months.value_or(item.admitted.type->retention_months));
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
  collect_plugins(commit);
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

// The commit's answer: receipts leave, or everything it carried is undone.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "hub/base/assert.hpp"
#include "hub/core/core.hpp"

namespace iro::core {

iro::Result<std::unique_ptr<Core>> Core::create(const schema::Registry& registry, log::KeyRing& keys, Config config,
                                                log::Snapshot snapshot, TimeMs now) {
  auto concerns = reaction::Concerns::create(config.plugins);
  if (!concerns) return fail(concerns.error());
  std::unique_ptr<Core> core(new Core(registry, keys, std::move(config), std::move(*concerns)));
  IRO_TRY(core->restore(std::move(snapshot), now), "restore the core");
  return core;
}

Core::Core(const schema::Registry& registry, log::KeyRing& keys, Config config, reaction::Concerns concerns)
    : registry_(registry),
      keys_(keys),
      config_(std::move(config)),
      sealer_(config_.token_key),
      admission_(registry),
      concerns_(std::move(concerns)) {}

Status Core::restore(log::Snapshot snapshot, TimeMs now) {
  log_epoch_ = snapshot.log_epoch;
  epochs_ = std::move(snapshot.epochs);
  next_seq_ = snapshot.next_seq;
  head_ = snapshot.head;
  last_recorded_ = snapshot.last_recorded;
  last_state_commit_ = now;
  next_epoch_ = static_cast<std::uint64_t>(now.value());  // above those of any earlier run
  interner_ = Interner(std::move(snapshot.atoms), std::move(snapshot.sets));
  auto members = admission::Membership::from_rows(snapshot.members);
  if (!members) return fail(members.error());
  if (members->all().empty()) {
    admission::Member op;
    op.slug = admission::operator_slug;
    op.name = "Operator";
    op.oin = config_.hub_oin;
    op.source_system = "operator";
    op.roles = {"operator"};
    admission::MemberKey key;
    key.no = KeyNo(1);
    key.public_key = config_.operator_key;
    key.added = now;
    op.keys.push_back(key);
    for (const auto* type : registry_.types()) {
      if (std::ranges::find(type->senders, "operator") != type->senders.end()) op.grants[type->name].publish = true;
    }
    members->put(std::move(op));
    carry_over_.members.push_back(admission::Membership::to_row(*members->find(admission::operator_no)));
  }
  members_ = std::make_shared<const admission::Membership>(std::move(*members));
  table_ = std::make_unique<routing::RoutingTable>(*members_, registry_);
  next_expiry_ = members_->next_expiry(now);

  for (auto& row : snapshot.producers) {
    Producer p;
    p.pending = row.last_seq;
    p.pending_hash = row.last_hash;
    const ProducerId id = row.id;
    p.row = std::move(row);
    producers_.emplace(id, std::move(p));
  }
  restore_plugins(snapshot);
  for (const auto& row : snapshot.gates) gates_.restore(row);
  for (const auto& row : snapshot.held) gates_.restore(row);
  for (const auto& row : snapshot.backfills) backfills_[row.no] = row;
  for (const auto& row : snapshot.tombstones) next_erasure_ = std::max(next_erasure_, row.erasure + 1);
  // An empty log has nothing to delete.
  deleted_month_ = next_seq_ == Seq(1) ? static_cast<std::uint16_t>(month_of(now)) : snapshot.deleted_month;
  for (const auto& row : snapshot.foreign_ids) admission_.remember(row.hash, row.recorded);
  for (auto& row : snapshot.consumers) {
    auto filter = delivery::Filter::parse(row.filter);
    if (!filter) return fail(Errc::corrupt, fmt::format("consumer {}: {}", row.no.value(), filter.error().message));
    consumer_by_name_[{row.member, row.name}] = row.no;
    next_consumer_ = std::max(next_consumer_, row.no.value() + 1);
    consumers_.emplace(row.no, delivery::Consumer(row.no, row.member, row.name, row.filter, std::move(*filter),
                                                  row.cursor, row.start));
  }
  for (auto& row : snapshot.deviations) {
    const auto at = consumers_.find(row.consumer);
    if (at == consumers_.end())
      return fail(Errc::corrupt, fmt::format("a deviation of consumer {}, which does not exist", row.consumer.value()));
    at->second.restore(std::move(row));
  }
  std::set<Hash> known;
  for (const auto& row : snapshot.schemas) known.insert(row.hash);
  auto no = static_cast<std::uint32_t>(snapshot.schemas.size());
  for (const auto& file : registry_.files()) {
    if (known.insert(file.hash).second) new_schemas_.push_back({++no, file.hash, file.name, file.bfbs});
  }
  if (restore_unannounced()) announce_restore(now);
  return {};
}

wire::Receipt Core::receipt_for(MemberNo member) const {
  wire::Receipt receipt;
  receipt.log_epoch = log_epoch_;
  receipt.token = sealer_.seal(next_seq_.plus(static_cast<std::uint64_t>(-1)), member, log_epoch_);
  receipt.head = head_;
  ByteWriter bytes;
  bytes.u32(log_epoch_.value());
  bytes.bytes(receipt.token.b);
  bytes.bytes(receipt.head);
  receipt.mac = keyed_mac(config_.receipt_key, bytes.view());
  return receipt;
}

void Core::on_committed(Committed committed, TimeMs now, Actions& out) {
  IRO_ASSERT(phase_ == Phase::committing, "a commit was asked for");
  phase_ = Phase::open;
  if (committed.status) {
    commit_succeeded(now, out);
  } else {
    commit_failed(committed.status.error(), now, out);
  }
  drain_waiting(now, out);
}

void Core::commit_succeeded(TimeMs now, Actions& out) {
  ++counters_.commits;
  next_erasure_ += static_cast<std::uint32_t>(batch_.erased.size());
  if (batch_.retention) deleted_month_ = *batch_.retention;
  accesses_in_flight_.clear();
  std::shared_ptr<const Ready> ready;
  const auto commit = std::exchange(in_flight_, nullptr);
  for (const auto& row : commit->backfills) backfills_[row.no] = row;
  for (const std::uint32_t no : commit->backfills_done) backfills_.erase(no);
  if (std::ranges::none_of(releases_, [](const Item& item) { return item.backfill != 0; })) backfill_end_ = Seq();
  if (commit->chunk) {
    next_seq_ = commit->chunk->last_seq().next();
    head_ = commit->chunk->head;
    last_recorded_ = commit->chunk->recorded;
    counters_.accepted += commit->chunk->count;
    new_schemas_.clear();
    interner_.commit_staged();
    gates_.commit_staged();
    following_.commit_staged();
    for (const Item& item : batch_.items) fetched_.erase(item.released_from);
    auto made = make_ready(commit->chunk);
    IRO_ASSERT(made.has_value(), "a chunk that was just built can be read");
    remember_recent(*made);
  } else {
    interner_.drop_staged();
    gates_.commit_staged();
  }
  answered_.clear();
  for (const auto& row : commit->producers) {
    Producer& p = producers_.at(row.id);
    p.row = row;
    p.touched = false;
    answered_.insert(row.id);
  }
  answer_waiters(now, out);
  if (batch_.members) {
    members_ = std::move(batch_.members);
    table_ = std::make_unique<routing::RoutingTable>(*members_, registry_);
    receive_cache_.clear();
    end_unproven(now, out);
  }
  plugins_committed(*commit, out);
  batch_ = {};
  take_late_answers(now, out);
  trail_all(now, out);
  fetch_opening(out);
  fetch_backfill(out);
  pump_all(now, out);
}

namespace {

/// A rule's reason as the sender reads it: its permanent code, then Dutch, then English.
std::string text_of(const reaction::Note& note) { return fmt::format("{}: {} / {}", note.code, note.nl, note.en); }

}  // namespace

/// Tell every publisher of the batch what became of its events.
void Core::answer_waiters(TimeMs, Actions& out) {
  const bool something = next_seq_ > Seq(1);
  std::map<MemberNo, wire::Receipt> receipts;
  const bool special = std::ranges::any_of(
      batch_.items, [](const Item& item) { return item.ruling != reaction::Ruling::accept || item.waits; });
  for (Waiter& w : batch_.waiters) {
    for (std::size_t i = 0; special && i < batch_.items.size(); ++i) {
      const Item& item = batch_.items[i];
      if (item.producer != w.producer || item.sequence < w.first || item.sequence > w.ack.up_to) continue;
      if (item.ruling == reaction::Ruling::reject) {
        w.ack.exceptions.push_back({item.sequence, Errc::rejected_by_rule, text_of(item.note)});
        ++counters_.refusals[Errc::rejected_by_rule];
      } else if (item.waits) {
        w.ack.held.push_back({item.sequence, Errc::ok,
                              item.ruling == reaction::Ruling::hold
                                  ? text_of(item.note)
                                  : std::string(schema::name_of(item.admitted.type->gate))});
      }
    }
    std::ranges::sort(w.ack.exceptions, {}, &wire::Refusal::sequence);
    if (something && w.ack.up_to.value() != 0) {
      auto [at, fresh] = receipts.try_emplace(w.member);
      if (fresh) at->second = receipt_for(w.member);
      w.ack.receipt = at->second;
    }
    const auto session = sessions_.find(w.connection);
    if (session != sessions_.end() && session->second.epoch == w.epoch) send(session->second, w.ack, out);
  }
  batch_.waiters.clear();
}

void Core::commit_failed(const Error& error, TimeMs now, Actions& out) {
  ++counters_.failed_commits;
  const auto commit = std::exchange(in_flight_, nullptr);
  interner_.drop_staged();
  gates_.drop_staged();
  following_.drop_staged();
  put_back_releases();
  put_back_accesses();
  plugins_undone(out);
  for (const auto& hash : batch_.foreign) admission_.forget(hash);
  for (const ProducerId& id : batch_.producers) {
    Producer& p = producers_.at(id);
    p.pending = p.row.last_seq;
    p.pending_hash = p.row.last_hash;
    p.touched = false;
  }
  if (commit) {  // what consumers acknowledged stays true; it goes with the next commit
    carry_over_.members.clear();
    for (const auto& row : commit->members) {
      if (next_seq_ == Seq(1) && row.no == admission::operator_no) carry_over_.members.push_back(row);
    }
    carry_over_.consumers = commit->consumers;
    carry_over_.consumers_removed = commit->consumers_removed;
    carry_over_.deviations = commit->deviations;
    carry_over_.deviations_removed = commit->deviations_removed;
    carry_over_.forget_foreign_before = commit->forget_foreign_before;
  }
  for (Waiter& w : batch_.waiters) {
    const ProducerSeq durable = producers_.at(w.producer).row.last_seq;
    w.ack.exceptions.clear();
    w.ack.up_to = std::min(durable, w.ack.up_to);
    refuse_rest(w, durable.next(), error.code, error.message, 1'000);
  }
  batch_.items.clear();
  answer_waiters(now, out);
  batch_ = {};
  take_late_answers(now, out);
  out.emplace_back(LogLine{Level::error, fmt::format("commit failed: {}", error.text())});
  if (error.code == Errc::corrupt) {
    fault_ = error;
  } else if (error.code == Errc::disk_full || error.code == Errc::storage_failed) {
    refusing_ = error;
    last_probe_ = now;
  }
}

void Core::on_probed(const Probed& probed, TimeMs now, Actions& out) {
  // Only a full disk gets room again; after anything else the operator resumes.
  if (!probed.status || !refusing_ || refusing_->code != Errc::disk_full) return;
  refusing_.reset();
  if (restore_unannounced() && batch_.items.empty()) announce_restore(now);  // the commit that carried it failed
  out.emplace_back(LogLine{Level::info, "the disk has room again: taking events"});
}

}  // namespace iro::core

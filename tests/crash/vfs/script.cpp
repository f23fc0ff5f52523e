// What a Machine commits: everything that a hub writes, made up by chance, with what is rare at fixed places so that
// each script has it.
#include <fmt/format.h>

#include <algorithm>

#include "tests/crash/vfs/machine.hpp"
#include "tests/unit/log/chunks.hpp"

namespace iro::log::test {

std::string Machine::owner(std::uint64_t which) { return fmt::format("student-{}", which % owners); }

bool Machine::commit() {
  if (commits_ % 13 == 9) return raise_epoch();
  if (!make_keys() || !plan_erasure()) return false;
  const Commit commit = make_commit();
  const Status done = log_->commit(commit);
  ++commits_;
  if (done) {
    (void)acknowledged_->commit(commit);
    now_ = *acknowledged_->load();
    last_seq_ = now_.next_seq.value() - 1;
    if (commit.retention) ++retentions_;
    return commit.tombstones.empty() || end_keys(commit.tombstones);
  }
  excuse("commit", done.error());
  // A full disk is rolled back for good; of any other failure the outcome is open.
  if (done.error().code != Errc::disk_full) in_doubt_ = commit;
  return false;
}

/// What `iro restore --accept-loss` does last: the log goes on in another epoch.
bool Machine::raise_epoch() {
  ++commits_;
  const auto raised = log_->raise_epoch();
  if (!raised) {
    excuse("raise the epoch", raised.error());
    epoch_in_doubt_ = clock_.now();
    must_restart_ = true;  // a restore ends there, and is made again
    return false;
  }
  acknowledged_->raise_epoch({}, clock_.now());
  now_ = *acknowledged_->load();
  ++epochs_;
  return true;
}

bool Machine::make_keys() {
  usable_keys_.clear();
  for (std::uint64_t i = 0; i < random() % 3; ++i) {
    const auto key = keys_->get_or_create(owner(random()), random() % 2 == 0 ? 24 : 84);
    if (!key) return excuse("make a key", key.error()), false;
    usable_keys_.push_back(*key);
    given_[key->no] = key->key;
  }
  const Status flushed = keys_->flush();
  if (!flushed) excuse("flush keys", flushed.error());
  return flushed.has_value();
}

Commit Machine::make_commit() {
  clock_.advance_ms(static_cast<std::int64_t>(random() % 2'000));
  Commit commit;
  if (commits_ % 9 == 7) retain(commit);
  if (random() % 8 != 0 || !ending_.empty()) commit.chunk = make_chunk(commit);
  make_rows(commit);
  make_gates(commit);
  make_backfill(commit);
  return commit;
}

/// A month passes, and what is over goes; as Core::retain.
void Machine::retain(Commit& commit) {
  clock_.advance_ms(31LL * 86'400'000);
  const auto month = static_cast<std::uint16_t>(month_of(clock_.now()));
  commit.retention = RetentionRow{month, clock_.now()};
  for (const HeldRow& row : now_.held)
    if (row.expiry_month <= month) commit.held_removed.push_back(row.seq);
}

std::shared_ptr<const Chunk> Machine::make_chunk(Commit& commit) {
  ChunkBuilder builder(now_.next_seq, clock_.now(), now_.head);
  if (now_.atoms.empty()) {
    commit.definitions.push_back({DefinitionKind::atom, 1, to_bytes("nl.placements.vacancy.opened.v1")});
    commit.definitions.push_back({DefinitionKind::atom, 2, to_bytes("urn:nld:oin:00000099000000001000")});
    commit.definitions.push_back({DefinitionKind::atom, 3, to_bytes("nl.placements.hub.accessed.v1")});
    commit.definitions.push_back({DefinitionKind::set, 1, encode_set(std::vector{MemberNo(1), MemberNo(2)})});
  } else if (random() % 8 == 0) {
    const auto no = static_cast<std::uint32_t>(now_.atoms.size() + 1);
    commit.definitions.push_back({DefinitionKind::atom, no, to_bytes(fmt::format("atom {}", no))});
  }
  for (const Definition& d : commit.definitions) builder.define(d);
  bury(commit, builder);
  const std::uint64_t events = 1 + random() % 6;
  for (std::uint64_t i = 0; i < events; ++i) {
    Entry e = random_entry(random_);
    e.expiry_month = random() % 2 == 0 ? kept_for_ever : in_months(1 + random() % 3);
    Bytes body = random_body(random_, random() % 16 == 0 ? 9'000 : random() % 300);
    if (!usable_keys_.empty() && random() % 2 == 0) {
      const PersonKey& key = usable_keys_[random() % usable_keys_.size()];
      e.flags |= encrypted;
      e.person_key = key.no;
      body = seal(key, e.id, body);
    }
    if ((e.flags & held) != 0) wait_at_gate(commit, e, now_.next_seq.plus(builder.count()));
    builder.add(e, body);
  }
  if (const HeldRow* row = one_that_waits(); row != nullptr && random() % 2 == 0) release(commit, builder, *row);
  if (random() % 3 == 0) note_access(builder);
  std::vector<MemberNo> everybody;
  for (std::uint32_t m = 0; m < 16; ++m) everybody.emplace_back(m);
  return std::make_shared<const Chunk>(std::move(builder).finish(everybody));
}

// -- What waits, what is given later, who saw what ----------------------------

std::uint16_t Machine::in_months(std::uint64_t months) const {
  return static_cast<std::uint16_t>(month_of(clock_.now()) + months);
}

schema::GateKey Machine::gate_key() {
  schema::GateKey key{};
  key[0] = static_cast<std::uint8_t>(random() % 8);
  return key;
}

void Machine::wait_at_gate(Commit& commit, const Entry& e, Seq at) {
  if (std::ranges::binary_search(ending_, e.person_key)) return;
  commit.held.push_back({at, gate_key(), HeldState::waits, Seq(), e.expiry_month, e.person_key});
}

const HeldRow* Machine::one_that_waits() {
  std::vector<const HeldRow*> all;
  for (const HeldRow& row : now_.held) {
    const bool over = row.expiry_month <= month_of(clock_.now()) || std::ranges::binary_search(ending_, row.person);
    if (row.state == HeldState::waits && !over) all.push_back(&row);
  }
  return all.empty() ? nullptr : all[random() % all.size()];
}

/// Its gate has opened: the event stands in the log once more, with an audience, and where it waited says so.
void Machine::release(Commit& commit, ChunkBuilder& builder, const HeldRow& row) {
  Entry e = random_entry(random_);
  e.flags = 0;
  e.released_from = row.seq;
  e.expiry_month = row.expiry_month;
  const Seq at = now_.next_seq.plus(builder.count());
  builder.add(e, random_body(random_, random() % 300));
  HeldRow out = row;
  out.state = HeldState::out;
  out.released = at;
  commit.held.push_back(out);
}

/// What was shown to whom: an event for nobody, in the commit that moves the cursor.
void Machine::note_access(ChunkBuilder& builder) {
  Entry e = random_entry(random_);
  e.type = AtomNo(3);
  e.flags = 0;
  e.released_from = Seq();
  e.full = e.masked = Audience();
  e.subject = "access";
  e.expiry_month = in_months(60);
  builder.add(e, random_body(random_, 200 + random() % 200));
}

void Machine::make_gates(Commit& commit) {
  if (random() % 3 == 0) {
    const bool person = !usable_keys_.empty() && !std::ranges::binary_search(ending_, usable_keys_.front().no);
    commit.gates.push_back({gate_key(), random() % 2 == 0, random() % 2 == 0 ? TimeMs() : clock_.now().plus(86'400'000),
                            person ? usable_keys_.front().no : PersonKeyNo()});
  } else if (random() % 8 == 0) {
    commit.gates_removed.push_back(gate_key());
  }
}

void Machine::make_backfill(Commit& commit) {
  const Seq last(std::max<std::uint64_t>(1, now_.next_seq.value() - 1));
  if (!now_.backfills.empty() && random() % 2 == 0) {
    BackfillRow row = now_.backfills[random() % now_.backfills.size()];
    row.next = row.next.plus(1 + random() % 8);
    if (row.next > row.last) return commit.backfills_done.push_back(row.no);
    commit.backfills.push_back(row);
  } else if (random() % 6 == 0) {
    std::uint32_t no = 1;
    for (const BackfillRow& row : now_.backfills) no = std::max(no, row.no + 1);
    commit.backfills.push_back({no, MemberNo(7), "nl.placements.vacancy.opened.v1", TimeMs(), Seq(1), last});
  }
}

void Machine::make_rows(Commit& commit) {
  const Seq at = commit.chunk ? commit.chunk->last_seq() : Seq(now_.next_seq.value() - 1);
  ProducerRow producer;
  producer.id.b[0] = static_cast<std::uint8_t>(random() % 5);
  producer.member = MemberNo(3);
  producer.last_seq = ProducerSeq(commits_ + 1);
  producer.last_hash.fill(static_cast<std::uint8_t>(random()));
  producer.last_used = clock_.now();
  for (std::uint64_t i = 0; i < random() % 4; ++i) producer.receipts.push_back({ProducerSeq(i), at});
  commit.producers.push_back(producer);
  const ConsumerNo consumer(static_cast<std::uint32_t>(1 + random() % 4));
  if (random() % 4 == 0) {
    commit.consumers.push_back({consumer, MemberNo(2), fmt::format("c{}", consumer.value()), "", at, clock_.now()});
    commit.deviations.push_back({consumer, at, DeviationState::retry, 1, clock_.now(), "subject", "busy"});
  } else if (random() % 16 == 0) {
    commit.consumers_removed.push_back(consumer);
  }
  if (random() % 3 == 0) {
    PluginStateRow row{"pool", to_bytes(fmt::format("key {}", random() % 6)), {}, random_body(random_, random() % 700)};
    if (!usable_keys_.empty() && random() % 2 == 0) {
      const PersonKey& key = usable_keys_[random() % usable_keys_.size()];
      if (!std::ranges::binary_search(ending_, key.no)) {  // what an erasure ends is taken out of its batch
        row.person_key = key.no;
        row.value = seal(key, state_id(row.plugin, row.key), *row.value);
      }
    }
    if (random() % 4 == 0) row.value.reset();
    commit.plugin_state.push_back(std::move(row));
    commit.plugin_cursors.push_back({"pool", at});
    commit.timers.push_back({"pool", to_bytes("t"), random() % 2 == 0 ? std::optional(clock_.now()) : std::nullopt});
  }
  if (random() % 4 == 0) {
    ForeignRow row;
    for (std::uint8_t& b : row.hash) b = static_cast<std::uint8_t>(random());
    row.recorded = clock_.now();
    commit.foreign_ids.push_back(row);
    commit.forget_foreign_before = TimeMs(clock_.now().value() - 5'000);
  }
}

}  // namespace iro::log::test

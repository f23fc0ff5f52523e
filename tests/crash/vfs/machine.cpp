#include "tests/crash/vfs/machine.hpp"

#include <fmt/format.h>

#include "hub/log/sqlite/sqlite_reader.hpp"
#include "hub/log/sqlite/verify.hpp"
#include "tests/unit/log/chunks.hpp"

namespace iro::log::test {

Machine::Machine(std::uint64_t seed, FaultVfs& vfs, std::string page_vfs, std::filesystem::path folder,
                 const Conditions& how)
    : seed_(seed),
      random_(seed),
      disk_(seed ^ 0x9E3779B97F4A7C15ULL),
      vfs_(vfs),
      page_vfs_(std::move(page_vfs)),
      folder_(std::move(folder)),
      how_(how) {
  disk_.lie(how_.lying_disk);
  disk_.keep_cache(how_.keeps_cache);
  vfs_.insert(disk_);
}
Machine::~Machine() { stop(); }

void Machine::judge(bool lost, const std::string& what) {
  if (!verdict_.good()) return;
  (lost ? verdict_.lost : verdict_.broken) = true;
  verdict_.what = fmt::format("seed {}, after {} commits: {}", seed_, commits_, what);
}

void Machine::expect_fault(Fault fault, std::uint64_t n) {
  disk_.reseed(seed_ + n);  // or what the disk keeps of a failed sync would be the same for every n
  disk_.fail_at(fault, n);
  fault_expected_ = true;
}

void Machine::excuse(const char* what, const Error& error) {
  const bool by_disk = disk_.is_off() || (fault_expected_ && !disk_.fault_pending());
  if (!by_disk || error.code == Errc::corrupt) judge(false, fmt::format("{}: {}", what, error.text()));
}

// -- The process ------------------------------------------------------------

bool Machine::start() {
  SqliteKeyRingOptions key_options;
  key_options.vfs = page_vfs_;
  key_options.synchronous = how_.synchronous;
  key_options.cache_keys = 4;
  SqliteLogOptions log_options;
  log_options.vfs = page_vfs_;
  log_options.synchronous = how_.synchronous;
  log_options.reserve_bytes = 0;
  log_options.checkpoint_bytes = 48U << 10;
  auto keys = SqliteKeyRing::open(folder_, clock_, key_options);
  if (!keys) return excuse("open keys", keys.error()), false;
  keys_ = std::move(*keys);
  auto log = SqliteLog::open(folder_, clock_, log_options);
  if (!log) return excuse("open log", log.error()), false;
  log_ = std::move(*log);
  if (!acknowledged_) {
    log_id_ = log_->log_id();
    acknowledged_ = std::make_unique<MemoryLog>(log_id_);
  }
  return compare();
}

void Machine::stop() {
  const bool was_off = disk_.is_off();
  disk_.power_off();  // nothing that a destructor does may reach the disk
  log_.reset();
  keys_.reset();
  if (!was_off) disk_.restart_process();
}

bool Machine::recover() {
  if (const Status keys = keys_->resume(); !keys) return excuse("resume keys", keys.error()), false;
  if (const Status log = log_->resume(); !log) return excuse("resume log", log.error()), false;
  if (const Status room = log_->probe(); !room) return excuse("probe", room.error()), false;
  return compare();
}

void Machine::tend() {
  if (random() % 8 == 0) (void)log_->tend();
}

// -- Comparing --------------------------------------------------------------

bool Machine::compare() {
  const auto found = log_->load();
  if (!found) return excuse("load", found.error()), false;
  if (log_->log_id() != log_id_) return judge(true, "the log is another one"), false;
  if (!compare_state(*found)) return false;
  in_doubt_.reset();
  now_ = *found;
  last_seq_ = now_.next_seq.value() - 1;
  // open() has verified the newest 8 MiB, here all, and the head is the right one: so are the chunks. Readers are
  // slower, and asked now and then; the keys of the newest chunks each time.
  if (random() % 8 == 0) return compare_chunks(Seq(1));
  return check_keys(*acknowledged_->reader()->read(last_seq_ > 20 ? Seq(last_seq_ - 20) : Seq(1), SIZE_MAX, {}));
}

bool Machine::compare_state(const Snapshot& found) {
  const Snapshot acknowledged = *acknowledged_->load();
  if (found == acknowledged) return true;
  if (in_doubt_) {
    const auto with = acknowledged_->copy();
    (void)with->commit(*in_doubt_);
    if (found == *with->load()) return acknowledged_->commit(*in_doubt_).has_value();
  }
  const bool shorter = found.next_seq < acknowledged.next_seq;
  judge(shorter, fmt::format("the log ends at {}, acknowledged were {}, and the state {}", found.next_seq.value() - 1,
                             acknowledged.next_seq.value() - 1, shorter ? "is older" : "belongs to neither"));
  return false;
}

bool Machine::compare_chunks(Seq from) {
  auto reader = SqliteReader::open(folder_, page_vfs_);
  if (!reader) return excuse("open reader", reader.error()), false;
  const auto found = (*reader)->read(from, SIZE_MAX, std::nullopt);
  if (!found) return excuse("read", found.error()), false;
  const auto wanted = *acknowledged_->reader()->read(from, SIZE_MAX, std::nullopt);
  if (found->size() != wanted.size()) return judge(true, "chunks are missing"), false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (*(*found)[i] != *wanted[i]) return judge(true, "a chunk is not what was committed"), false;
  }
  return check_keys(*found);
}

/// Whatever is stored encrypted can be opened: its key was on disk before it.
bool Machine::check_keys(const std::vector<std::shared_ptr<const Chunk>>& chunks) {
  for (const auto& chunk : chunks) {
    const ChunkView view = *ChunkView::open(chunk);
    for (std::uint32_t i = 0; i < view.count(); ++i) {
      const EntryView e = view.entry(i);
      const auto body = view.body(e);
      if ((e.flags & encrypted) == 0 || !body) continue;
      const auto key = keys_->find(e.person_key);
      if (!key) return excuse("find key", key.error()), false;
      if (!*key) return judge(true, fmt::format("the key of position {} is gone", view.seq(i).value())), false;
      if (!open(**key, e.id, *body)) return judge(true, fmt::format("{} does not open", view.seq(i).value())), false;
    }
  }
  return true;
}

void Machine::inspect() {
  if (!compare_chunks(Seq(1))) return;
  VerifyOptions options;
  options.vfs = page_vfs_;
  const auto report = verify(folder_, {}, options);
  if (!report) return judge(false, "verify: " + report.error().text());
  if (!report->sound()) judge(false, "verify: " + report->findings.front().text());
}

// -- Committing -------------------------------------------------------------

bool Machine::commit() {
  if (!make_keys()) return false;
  const Commit commit = make_commit();
  const Status done = log_->commit(commit);
  ++commits_;
  if (done) {
    (void)acknowledged_->commit(commit);
    now_ = *acknowledged_->load();
    last_seq_ = now_.next_seq.value() - 1;
    return true;
  }
  excuse("commit", done.error());
  // A full disk is rolled back for good; of any other failure the outcome is open.
  if (done.error().code != Errc::disk_full) in_doubt_ = commit;
  return false;
}

bool Machine::make_keys() {
  usable_keys_.clear();
  for (std::uint64_t i = 0; i < random() % 3; ++i) {
    const auto key = keys_->get_or_create(fmt::format("student-{}", random() % 12), random() % 2 == 0 ? 24 : 84);
    if (!key) return excuse("make a key", key.error()), false;
    usable_keys_.push_back(*key);
  }
  const Status flushed = keys_->flush();
  if (!flushed) excuse("flush keys", flushed.error());
  return flushed.has_value();
}

Commit Machine::make_commit() {
  clock_.advance_ms(static_cast<std::int64_t>(random() % 2'000));
  Commit commit;
  if (random() % 8 != 0) commit.chunk = make_chunk(commit);
  make_rows(commit);
  return commit;
}

std::shared_ptr<const Chunk> Machine::make_chunk(Commit& commit) {
  ChunkBuilder builder(now_.next_seq, clock_.now(), now_.head);
  if (now_.atoms.empty()) {
    commit.definitions.push_back({DefinitionKind::atom, 1, to_bytes("nl.placements.vacancy.opened.v1")});
    commit.definitions.push_back({DefinitionKind::atom, 2, to_bytes("urn:nld:oin:00000099000000001000")});
    commit.definitions.push_back({DefinitionKind::set, 1, encode_set(std::vector{MemberNo(1), MemberNo(2)})});
  } else if (random() % 8 == 0) {
    const auto no = static_cast<std::uint32_t>(now_.atoms.size() + 1);
    commit.definitions.push_back({DefinitionKind::atom, no, to_bytes(fmt::format("atom {}", no))});
  }
  for (const Definition& d : commit.definitions) builder.define(d);
  const std::uint64_t events = 1 + random() % 6;
  for (std::uint64_t i = 0; i < events; ++i) {
    Entry e = random_entry(random_);
    e.expiry_month = random() % 2 == 0 ? kept_for_ever : 24'330;
    Bytes body = random_body(random_, random() % 16 == 0 ? 9'000 : random() % 300);
    if (!usable_keys_.empty() && random() % 2 == 0) {
      const PersonKey& key = usable_keys_[random() % usable_keys_.size()];
      e.flags |= encrypted;
      e.person_key = key.no;
      body = seal(key, e.id, body);
    }
    builder.add(e, body);
  }
  std::vector<MemberNo> everybody;
  for (std::uint32_t m = 0; m < 16; ++m) everybody.emplace_back(m);
  return std::make_shared<const Chunk>(std::move(builder).finish(everybody));
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

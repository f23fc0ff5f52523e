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
  must_restart_ = false;
  return compare() && bury_again();
}

void Machine::stop() {
  const bool was_off = disk_.is_off();
  disk_.power_off();  // nothing that a destructor does may reach the disk
  log_.reset();
  keys_.reset();
  if (!was_off) disk_.restart_process();
}

bool Machine::recover() {
  if (must_restart_) {  // irod ends where an erasure stops half-way
    stop();
    return start();
  }
  if (const Status keys = keys_->resume(); !keys) return excuse("resume keys", keys.error()), false;
  if (const Status log = log_->resume(); !log) return excuse("resume log", log.error()), false;
  if (const Status room = log_->probe(); !room) return excuse("probe", room.error()), false;
  return compare() && bury_again();
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
  epoch_in_doubt_.reset();
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
  if (epoch_in_doubt_) {
    const auto with = acknowledged_->copy();
    with->raise_epoch({}, *epoch_in_doubt_);
    if (found == *with->load()) return acknowledged_->raise_epoch({}, *epoch_in_doubt_), true;
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
    if (without_expired(*(*found)[i]) != *wanted[i]) return judge(true, "a chunk is not what was committed"), false;
  }
  return check_keys(*found);
}

/// What retention has ended goes at its commit in the model, and in slices soon after in the log.
Chunk Machine::without_expired(Chunk chunk) const {
  std::erase_if(chunk.bodies, [&](const auto& row) { return row.first <= now_.deleted_month; });
  return chunk;
}

/// Whatever is stored encrypted can be opened, unless an erasure has ended its key: it was on disk before it.
bool Machine::check_keys(const std::vector<std::shared_ptr<const Chunk>>& chunks) {
  for (const auto& chunk : chunks) {
    const ChunkView view = *ChunkView::open(chunk);
    for (std::uint32_t i = 0; i < view.count(); ++i) {
      const EntryView e = view.entry(i);
      const auto body = view.body(e);
      if ((e.flags & encrypted) == 0 || !body || buried(e.person_key)) continue;
      const auto key = keys_->find(e.person_key);
      if (!key) return excuse("find key", key.error()), false;
      if (!*key) return judge(true, fmt::format("the key of position {} is gone", view.seq(i).value())), false;
      if (!open(**key, e.id, *body)) return judge(true, fmt::format("{} does not open", view.seq(i).value())), false;
    }
  }
  return true;
}

void Machine::inspect() {
  for (auto more = log_->tend(); more && *more;) more = log_->tend();
  if (!compare_chunks(Seq(1)) || !no_trace("at the end")) return;
  VerifyOptions options;
  options.vfs = page_vfs_;
  const auto report = verify(folder_, {}, options);
  if (!report) return judge(false, "verify: " + report.error().text());
  if (!report->sound()) judge(false, "verify: " + report->findings.front().text());
}

}  // namespace iro::log::test

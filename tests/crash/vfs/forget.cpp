// Erasures on a disk that fails: what irod does after their commit and at its start, and what must then be gone.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tests/crash/vfs/machine.hpp"

namespace iro::log::test {

bool Machine::buried(PersonKeyNo no) const {
  return std::ranges::find(now_.tombstones, no, &TombstoneRow::key) != now_.tombstones.end();
}

/// Whose keys the next commit ends, those of a moment ago too. False when the disk kept us from it.
bool Machine::plan_erasure() {
  ending_.clear();
  if (commits_ % 6 != 4) return true;
  for (std::uint64_t tries = 0; tries < owners && ending_.empty(); ++tries) {
    const auto keys = keys_->keys_of(owner(random()));
    if (!keys) return excuse("look for keys", keys.error()), false;
    for (const auto& [months, no] : *keys) ending_.push_back(no);
  }
  std::ranges::sort(ending_);
  return true;
}

/// As Core::bury: into the chain and the table, and no gate or state is left of them.
void Machine::bury(Commit& commit, ChunkBuilder& builder) {
  if (ending_.empty()) return;
  std::uint32_t erasure = 1;
  for (const TombstoneRow& row : now_.tombstones) erasure = std::max(erasure, row.erasure + 1);
  builder.define({DefinitionKind::tombstones, erasure, encode_tombstones(ending_)});
  for (const PersonKeyNo no : ending_) commit.tombstones.push_back({no, erasure, clock_.now()});
  for (const GateRow& row : now_.gates)
    if (std::ranges::binary_search(ending_, row.person)) commit.gates_removed.push_back(row.key);
  for (const HeldRow& row : now_.held)
    if (std::ranges::binary_search(ending_, row.person)) commit.held_removed.push_back(row.seq);
}

/// As Hub::destroy_keys: when this returns true, the erasure is acknowledged. Else irod ends, and starts again.
bool Machine::end_keys(const std::vector<TombstoneRow>& tombstones) {
  Status done;
  for (const TombstoneRow& row : tombstones) {
    if (done) done = keys_->destroy(row.key, fmt::format("erasure {}", row.erasure), row.at);
  }
  if (done) done = log_->truncate_wal();
  if (!done) {
    must_restart_ = true;
    return excuse("erase", done.error()), false;
  }
  ++erasures_;
  for (const TombstoneRow& row : tombstones) ended_.insert(row.key);
  return no_trace("after an erasure");
}

/// As Hub::start_core: a crash came between the commit and the end of the keys.
bool Machine::bury_again() {
  for (const TombstoneRow& row : now_.tombstones) {
    const auto gone = keys_->destroyed(row.key);
    Status done = gone ? Status() : fail(gone.error());
    if (done && !*gone) done = keys_->destroy(row.key, fmt::format("erasure {}", row.erasure), row.at);
    if (!done) {
      must_restart_ = true;
      return excuse("erase again", done.error()), false;
    }
  }
  return no_trace("after a start");
}

/// No byte of a key that an erasure has ended, where a reader below SQL would look.
bool Machine::no_trace(const char* when) {
  for (const char* name : {"keys.db", "keys.db-wal"}) {
    const Bytes bytes = disk_.content((folder_ / name).string());
    for (const TombstoneRow& row : now_.tombstones) {
      const auto known = given_.find(row.key);
      if (known == given_.end()) continue;
      if (::memmem(bytes.data(), bytes.size(), known->second.data(), known->second.size()) == nullptr) continue;
      judge(false, fmt::format("{} {} still holds key {} of erasure {}, which was {}acknowledged", when, name,
                               row.key.value(), row.erasure, ended_.contains(row.key) ? "" : "not "));
      return false;
    }
  }
  for (const TombstoneRow& row : now_.tombstones) {
    const auto key = keys_->find(row.key);
    if (!key) return excuse("find a destroyed key", key.error()), false;
    if (*key) return judge(false, fmt::format("{} key {} is still given", when, row.key.value())), false;
  }
  return true;
}

}  // namespace iro::log::test

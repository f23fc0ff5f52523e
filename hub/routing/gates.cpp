#include "hub/routing/gates.hpp"

namespace iro::routing {

using log::GateRow;
using log::HeldRow;
using log::HeldState;

void Gates::restore(const GateRow& row) { gates_[row.key] = row; }
void Gates::restore(const HeldRow& row) { set(row.seq, row); }

bool Gates::is_open(const schema::GateKey& key, TimeMs now) const {
  const auto at = gates_.find(key);
  return at != gates_.end() && at->second.open && (at->second.until.value() == 0 || now < at->second.until);
}

void Gates::add(Seq seq, const schema::GateKey& key, std::uint16_t expiry_month, PersonKeyNo person, bool out) {
  put(HeldRow{seq, key, out ? HeldState::out : HeldState::waits, out ? seq : Seq(0), expiry_month, person});
}

void Gates::open(const schema::GateKey& key, TimeMs until, PersonKeyNo person, TimeMs now) {
  const bool was_open = is_open(key, now);
  put(key, {key, true, until, person});
  for (const Seq seq : behind(key)) {
    HeldRow row = held_.at(seq);
    // After a time in which it was shut, what had gone out goes again: a consumer may have passed it by.
    const bool goes = row.state == HeldState::out ? !was_open : row.state != HeldState::opening;
    if (!goes) continue;
    row.state = HeldState::opening;
    put(row);
  }
}

void Gates::close(const schema::GateKey& key, PersonKeyNo person) {
  put(key, {key, false, TimeMs(), person});
  for (const Seq seq : behind(key)) {
    HeldRow row = held_.at(seq);
    if (row.state == HeldState::opening) {
      row.state = row.released.value() == 0 ? HeldState::waits : HeldState::closed;
    } else if (row.state == HeldState::out) {
      row.state = HeldState::closed;
    } else {
      continue;
    }
    put(row);
  }
}

void Gates::hold(Seq seq, const schema::GateKey& key, std::uint16_t expiry_month, PersonKeyNo person, MemberNo sender,
                 TimeMs expires) {
  HeldRow row{seq, key, HeldState::waits, Seq(0), expiry_month, person, expires, sender};
  row.by_rule = true;
  put(row);
}

const HeldRow* Gates::held_by(const schema::GateKey& key) const {
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return nullptr;
  const HeldRow& row = held_.at(at->second);
  return row.by_rule && row.state == HeldState::waits ? &row : nullptr;
}

void Gates::let_out(Seq seq) {
  HeldRow row = held_.at(seq);
  row.state = HeldState::opening;
  put(row);
}

void Gates::drop(Seq seq) {
  if (held_.contains(seq)) remove(seq);
}

std::vector<Seq> Gates::expired(TimeMs now) const {
  std::vector<Seq> out;
  for (const auto& [expires, seq] : expiring_) {
    if (expires > now) break;
    if (held_.at(seq).state == HeldState::waits) out.push_back(seq);
  }
  return out;
}

void Gates::went_out(Seq seq, Seq released) {
  if (held_.at(seq).by_rule) return remove(seq);
  HeldRow row = held_.at(seq);
  row.state = HeldState::out;
  row.released = released;
  put(row);
}

bool Gates::may_go(Seq at, TimeMs now) const {
  const auto from = from_.find(at);
  if (from == from_.end()) return false;  // it waits there, or went out again since
  const HeldRow& row = held_.at(from->second);
  return row.state == HeldState::out && is_open(row.key, now);
}

const HeldRow* Gates::find(Seq seq) const {
  const auto at = held_.find(seq);
  return at == held_.end() ? nullptr : &at->second;
}

void Gates::forget(std::uint16_t month) {
  std::vector<Seq> over;
  for (const auto& [seq, row] : held_) {
    if (row.expiry_month <= month) over.push_back(seq);
  }
  for (const Seq seq : over) remove(seq);
}

void Gates::forget(const std::set<PersonKeyNo>& persons) {
  std::vector<Seq> over;
  for (const auto& [seq, row] : held_) {
    if (persons.contains(row.person)) over.push_back(seq);
  }
  for (const Seq seq : over) remove(seq);
  std::vector<schema::GateKey> closed;
  for (const auto& [key, row] : gates_) {
    if (row.person.value() != 0 && persons.contains(row.person)) closed.push_back(key);
  }
  for (const auto& key : closed) {
    gates_before_.try_emplace(key, gates_.at(key));
    gates_.erase(key);
  }
}

std::vector<Seq> Gates::behind(const schema::GateKey& key) const {
  std::vector<Seq> out;
  for (auto [at, end] = by_key_.equal_range(key); at != end; ++at) out.push_back(at->second);
  return out;
}

void Gates::put(const schema::GateKey& key, const GateRow& row) {
  const auto at = gates_.find(key);
  gates_before_.try_emplace(key, at == gates_.end() ? std::nullopt : std::optional(at->second));
  gates_[key] = row;
}

void Gates::put(HeldRow row) {
  const auto at = held_.find(row.seq);
  held_before_.try_emplace(row.seq, at == held_.end() ? std::nullopt : std::optional(at->second));
  set(row.seq, row);
}

void Gates::remove(Seq seq) {
  held_before_.try_emplace(seq, held_.at(seq));
  set(seq, std::nullopt);
}

/// The row and everything that is looked up by it.
void Gates::set(Seq seq, std::optional<HeldRow> row) {
  if (const auto was = held_.find(seq); was != held_.end()) {
    if (was->second.released.value() != 0) from_.erase(was->second.released);
    opening_.erase(seq);
    if (was->second.expires.value() != 0) expiring_.erase({was->second.expires, seq});
    for (auto [at, end] = by_key_.equal_range(was->second.key); at != end; ++at) {
      if (at->second != seq) continue;
      by_key_.erase(at);
      break;
    }
    held_.erase(was);
  }
  if (!row) return;
  if (row->released.value() != 0) from_[row->released] = seq;
  if (row->state == HeldState::opening) opening_.insert(seq);
  if (row->expires.value() != 0) expiring_.insert({row->expires, seq});
  by_key_.emplace(row->key, seq);
  held_.emplace(seq, *row);
}

void Gates::collect(log::Commit& commit) const {
  for (const auto& [key, before] : gates_before_) {
    const auto now = gates_.find(key);
    if (now == gates_.end()) {
      commit.gates_removed.push_back(key);
    } else {
      commit.gates.push_back(now->second);
    }
  }
  for (const auto& [seq, before] : held_before_) {
    const auto now = held_.find(seq);
    if (now == held_.end()) {
      commit.held_removed.push_back(seq);
    } else {
      commit.held.push_back(now->second);
    }
  }
}

void Gates::commit_staged() {
  gates_before_.clear();
  held_before_.clear();
}

void Gates::drop_staged() {
  for (const auto& [key, before] : gates_before_) {
    if (before) {
      gates_[key] = *before;
    } else {
      gates_.erase(key);
    }
  }
  for (const auto& [seq, before] : held_before_) set(seq, before);
  commit_staged();
}

}  // namespace iro::routing

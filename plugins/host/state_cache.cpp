#include "plugins/host/state_cache.hpp"

namespace iro::host {

namespace {
constexpr std::size_t entry_cost = 96;  // a node of the map and two small buffers
}

std::size_t StateCache::weight(const std::string& key, const Entry& entry) {
  return entry_cost + key.size() + (entry.value ? entry.value->size() : 0);
}

std::optional<const Bytes*> StateCache::find(std::string_view key) const {
  const auto at = entries_.find(key);
  if (at != entries_.end()) return at->second.value ? &*at->second.value : nullptr;
  if (covers(key)) return nullptr;
  return std::nullopt;
}

bool StateCache::covers(std::string_view prefix) const {
  if (complete_.empty()) return false;
  for (std::size_t n = 0; n <= prefix.size(); ++n) {
    if (complete_.contains(prefix.substr(0, n))) return true;
  }
  return false;
}

StateCache::Rows StateCache::rows(std::string_view prefix) const {
  Rows out;
  for (auto at = entries_.lower_bound(prefix); at != entries_.end() && at->first.starts_with(prefix); ++at) {
    if (at->second.value) out.emplace_back(at->first, &*at->second.value);
  }
  return out;
}

void StateCache::set(std::string_view key, std::optional<Bytes> value, bool own) {
  auto at = entries_.find(key);
  if (at == entries_.end()) {
    at = entries_.emplace(std::string(key), Entry{}).first;
  } else {
    bytes_ -= weight(at->first, at->second);
  }
  at->second.value = std::move(value);
  if (own && !at->second.own) own_.push_back(at->first);
  at->second.own = own;
  bytes_ += weight(at->first, at->second);
}

void StateCache::learn(std::string_view key, std::optional<Bytes> value) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || !at->second.own) set(key, std::move(value), false);
}

void StateCache::learn_all(std::string_view prefix, std::vector<std::pair<Bytes, Bytes>> rows) {
  for (auto& [key, value] : rows) learn(as_text(key), std::move(value));
  complete_.emplace(prefix);
}

void StateCache::write(std::string_view key, std::optional<Bytes> value) { set(key, std::move(value), true); }

void StateCache::settle() {
  for (const std::string& key : own_) entries_.find(key)->second.own = false;
  own_.clear();
}

void StateCache::trim() {
  if (bytes_ <= most_bytes_) return;
  complete_.clear();
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->second.own) {
      ++at;
      continue;
    }
    bytes_ -= weight(at->first, at->second);
    at = entries_.erase(at);
  }
}

}  // namespace iro::host

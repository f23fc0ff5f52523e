// hub/core/fan_out.hpp: how many events rules have made to follow from one, so that rules that answer each other's
// answers end at limits::fan_out (ADR 0050).
//
// Counted by correlation, in memory, for the newest correlations: a guard, not a promise. Forgetting one lets a storm
// that had paused go on for as long again.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include "hub/base/ids.hpp"
#include "hub/base/limits.hpp"

namespace iro::core {

class FanOut {
 public:
  /// One more follows from `root`: how many that makes, with those of the open batch.
  std::size_t one_more(const EventId& root) { return committed(root) + ++open_[root]; }

  void commit_staged() {
    for (const auto& [root, count] : open_) recent_[root] = committed(root) + count;
    open_.clear();
    if (recent_.size() <= limits::fan_out_roots) return;
    earlier_ = std::move(recent_);
    recent_.clear();
  }
  void drop_staged() { open_.clear(); }

 private:
  [[nodiscard]] std::size_t committed(const EventId& root) const {
    for (const auto* counts : {&recent_, &earlier_}) {
      if (const auto at = counts->find(root); at != counts->end()) return at->second;
    }
    return 0;
  }
  // Flat: nearly every look is at memory that is not cached.
  using Counts = boost::unordered_flat_map<EventId, std::size_t, std::hash<EventId>>;
  Counts open_;
  Counts recent_;
  Counts earlier_;
};

}  // namespace iro::core

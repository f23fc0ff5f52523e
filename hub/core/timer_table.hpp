// hub/core/timer_table.hpp: the timers that plugins have set, as committed, and which are due. One thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "hub/log/event_log.hpp"

namespace iro::core {

class TimerTable {
 public:
  /// A row of a commit that succeeded: set, moved, or (without `due`) cancelled.
  void apply(const log::TimerRow& row) {
    const std::string key(as_text(row.key));
    const auto at = rows_.find({row.plugin, key});
    if (at != rows_.end()) {
      due_.erase({*at->second.due, row.plugin, key});
      rows_.erase(at);
    }
    if (!row.due) return;
    rows_.emplace(std::pair(row.plugin, key), row);
    due_.insert({*row.due, row.plugin, key});
  }
  /// The persons behind these keys were erased.
  void forget(const std::set<PersonKeyNo>& persons) {
    std::vector<log::TimerRow> over;
    for (const auto& [key, row] : rows_) {
      if (persons.contains(row.person_key)) over.push_back({row.plugin, row.key, std::nullopt, PersonKeyNo()});
    }
    for (const auto& row : over) apply(row);
  }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  /// Of a table that is not empty.
  [[nodiscard]] TimeMs next_due() const { return std::get<0>(*due_.begin()); }
  /// The earliest first, at most `most`.
  [[nodiscard]] std::vector<log::TimerRow> due(TimeMs now, std::size_t most) const {
    std::vector<log::TimerRow> out;
    for (const auto& [at, plugin, key] : due_) {
      if (at > now || out.size() == most) break;
      out.push_back(rows_.at({plugin, key}));
    }
    return out;
  }

 private:
  std::map<std::pair<std::string, std::string>, log::TimerRow> rows_;  // by plugin and key
  std::set<std::tuple<TimeMs, std::string, std::string>> due_;
};

}  // namespace iro::core

#include "hub/whatif/kept.hpp"

namespace iro::whatif {

Status compare_kept(const log::PluginRecord& record, const FindKey& keys, const Candidate& candidate,
                    std::size_t examples, Report& report) {
  report.state_compared = true;
  std::map<Bytes, Bytes, BytesLess> recorded;
  for (const log::PluginStateRow& row : record.state) {
    if (row.person_key.value() == 0) {
      recorded.emplace(row.key, *row.value);
      continue;
    }
    const auto key = keys(row.person_key);
    if (!key) return fail(key.error());
    if (!*key) {
      ++report.unseen.state;
      continue;
    }
    auto open = log::open(**key, log::state_id(row.plugin, row.key), *row.value);
    if (!open) return fail(open.error());
    recorded.emplace(row.key, std::move(*open));
  }
  for (const auto& [key, value] : candidate.state()) {
    const auto was = recorded.find(key);
    if (was == recorded.end()) {
      report.state_more.add(key, examples);
    } else if (was->second != value) {
      report.state_otherwise.add(key, examples);
    } else {
      ++report.state_same;
    }
    if (was != recorded.end()) recorded.erase(was);
  }
  for (const auto& [key, value] : recorded) report.state_gone.add(key, examples);

  std::map<Bytes, TimerDifference, BytesLess> timers;
  for (const log::TimerRow& row : record.timers) timers[row.key].recorded = row.due;
  for (const auto& [key, due] : candidate.timers()) timers[key].replayed = due;
  for (auto& [key, timer] : timers) {
    timer.key = key;
    if (timer.recorded != timer.replayed) report.timers.add(timer, examples);
  }
  return {};
}

}  // namespace iro::whatif

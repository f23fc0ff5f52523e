#include "hub/log/event_log.hpp"

#include <algorithm>
#include <iterator>

namespace iro::log {

bool Commit::empty() const {
  return !chunk && definitions.empty() && schemas.empty() && producers.empty() && members.empty() &&
         consumers.empty() && consumers_removed.empty() && deviations.empty() && deviations_removed.empty() &&
         foreign_ids.empty() && !forget_foreign_before && audit.empty() && plugin_state.empty() &&
         plugin_cursors.empty() && plugin_parked.empty() && plugin_parked_removed.empty() && timers.empty() &&
         gates.empty() && gates_removed.empty() && held.empty() && held_removed.empty() && tombstones.empty() &&
         backfills.empty() && backfills_done.empty() && !retention;
}

PluginRecord plugin_record_of(Snapshot snapshot, std::vector<PluginStateRow> state, const std::string& plugin) {
  PluginRecord out;
  out.through = Seq(snapshot.next_seq.value() - 1);
  out.head = snapshot.head;
  out.last_recorded = snapshot.last_recorded;
  out.deleted_month = snapshot.deleted_month;
  out.members = std::move(snapshot.members);
  for (PluginCursorRow& row : snapshot.plugin_cursors) {
    if (row.plugin == plugin) out.cursor = std::move(row);
  }
  out.state = std::move(state);
  std::ranges::copy_if(snapshot.timers, std::back_inserter(out.timers),
                       [&](const TimerRow& row) { return row.plugin == plugin; });
  out.parked = static_cast<std::size_t>(std::ranges::count(snapshot.plugin_parked, plugin, &PluginParkedRow::plugin));
  return out;
}

}  // namespace iro::log

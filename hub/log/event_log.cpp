#include "hub/log/event_log.hpp"

namespace iro::log {

bool Commit::empty() const {
  return !chunk && definitions.empty() && schemas.empty() && producers.empty() && members.empty() &&
         consumers.empty() && consumers_removed.empty() && deviations.empty() && deviations_removed.empty() &&
         foreign_ids.empty() && !forget_foreign_before && audit.empty() && plugin_state.empty() &&
         plugin_cursors.empty() && plugin_parked.empty() && plugin_parked_removed.empty() && timers.empty() &&
         gates.empty() && gates_removed.empty() && held.empty() && held_removed.empty() && tombstones.empty() &&
         backfills.empty() && backfills_done.empty() && !retention;
}

}  // namespace iro::log

// Timers of plugins: what is due becomes an event of the log, before anything else of its batch, and is shown to the
// plugin that set it.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "hub/core/core.hpp"
#include "hub/schema/json.hpp"

namespace iro::core {

bool Core::timers_due(TimeMs now) const { return !timers_.empty() && timers_.next_due() <= now; }

/// Only at the start of a batch. A clock that has leapt fires nothing until it is accepted (clock_guard.hpp).
void Core::fire_timers(TimeMs now) {
  if (phase_ != Phase::open || refusing_ || fault_ || draining_ || !batch_.items.empty() || !batch_.timers.empty())
    return;
  for (const log::TimerRow& row : timers_.due(now, limits::timers_a_step)) {
    batch_.timers.push_back({row.plugin, row.key, std::nullopt, PersonKeyNo()});
    if (!lines_.contains(row.plugin)) continue;  // its plugin is gone
    const std::string base64 = schema::to_base64(row.key);
    schema::Event origin;
    origin.id = timer_id(row);
    origin.time = now;
    const Cause cause{schema::view_of(origin), nullptr, {}, nullptr};
    boost::json::object payload{{"plugin", row.plugin}, {"key", base64}, {"due", format_time(*row.due)}};
    Item item = hub_item(cause, timer_fired_type, payload, std::string(reaction::timer_maker), 0);
    item.record_only = true;
    item.only = row.plugin;
    item.timer_key = row.key;
    item.timer_due = *row.due;
    join(std::move(item));
  }
}

/// What a firing is derived from: the same timer, due at the same moment, cannot fire twice.
EventId Core::timer_id(const log::TimerRow& row) { return reaction::timer_id(row.plugin, row.key, *row.due); }

}  // namespace iro::core

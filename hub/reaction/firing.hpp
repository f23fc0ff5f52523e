// hub/reaction/firing.hpp: what the firing of a plugin's timer is called.
//
// A timer that is due becomes an event of the log. Its id comes from the plugin,
// the timer's key and the moment at which it was due, so the same timer cannot
// fire twice, and a replay that sets the same timer finds the same firing. Pure.
#pragma once

#include <string_view>

#include "hub/base/bytes.hpp"
#include "hub/base/clock.hpp"
#include "hub/base/ids.hpp"

namespace iro::reaction {

inline constexpr std::string_view timer_fired_type = "nl.placements.hub.timer-fired.v1";
inline constexpr std::string_view timer_maker = "hub/timer";  // permanent: firings' ids are derived with it

/// The timer itself: what its firing answers.
EventId timer_id(std::string_view plugin, ByteView key, TimeMs due);
/// The event that its firing is.
EventId firing_id(std::string_view plugin, ByteView key, TimeMs due);

}  // namespace iro::reaction

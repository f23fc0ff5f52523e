// hub/base/ticks.hpp: time for leases, pauses and timeouts: it only goes
// forward, and says nothing about the time of day. The threads that own sockets
// ask the machine for it; everything else is given it.
#pragma once

#include <cstdint>

#include "hub/base/strong.hpp"

namespace iro {

/// Milliseconds of a clock that only goes forward.
using Ticks = Strong<struct TicksTag, std::int64_t>;
/// Later than anything that will be waited for.
inline constexpr Ticks never{INT64_MAX / 2};

/// The machine's.
Ticks ticks_now();

}  // namespace iro

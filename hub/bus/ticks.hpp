// hub/bus/ticks.hpp: the bus's own time, for what is silent or too frequent.
// Only the bus thread asks the machine for it; everything else is given it.
#pragma once

#include <cstdint>

#include "hub/base/strong.hpp"

namespace iro::bus {

/// Milliseconds of a clock that only goes forward.
using Ticks = Strong<struct TicksTag, std::int64_t>;

/// The machine's.
Ticks ticks_now();

}  // namespace iro::bus

// adapters/client/ticks.hpp: the client's own time, for leases, pauses and
// timeouts. Only the network thread asks the machine for it; the session is given it.
#pragma once

#include <cstdint>

#include "hub/base/strong.hpp"

namespace iro::client {

/// Milliseconds of a clock that only goes forward.
using Ticks = Strong<struct TicksTag, std::int64_t>;
/// Later than anything that will be waited for.
inline constexpr Ticks never{INT64_MAX / 2};

/// The machine's.
Ticks ticks_now();

}  // namespace iro::client

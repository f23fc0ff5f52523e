// bench/call_rows.hpp: what it costs that a plugin has a process of its own.
#pragma once

#include <vector>

#include "bench/rows.hpp"

namespace iro::bench {

/// The echo rule (one value written an event), in this process and through iro-plugin-host: one event a call, 64 that
/// fit into one message, and 64 that do not.
void measure_calls(std::vector<Row>& rows);

}  // namespace iro::bench

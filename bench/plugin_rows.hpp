// bench/plugin_rows.hpp: what rules cost a real hub, each in its own process (`rules/`).
#pragma once

#include <vector>

#include "bench/rows.hpp"

namespace iro::bench {

/// Beside a hub without rules, in turn:
///   - until an event is committed when a chain of three rules hangs on it, each on what the one before emits;
///   - how many events a second, when three rules each write a state and emit an event on every one: until the last
///   rule
///     has done its work, trailing or not;
///   - how long after its deadline an endless loop lives, and how long others' events take meanwhile.
void measure_plugins(double seconds, std::vector<Row>& rows);

}  // namespace iro::bench

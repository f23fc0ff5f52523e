// hub/reaction/state.hpp: what a plugin reads of its own state: what the log
// has, opened, with what the open batch has changed on top.
#pragma once

#include "hub/log/event_log.hpp"
#include "hub/log/keys.hpp"
#include "hub/reaction/plugin.hpp"

namespace iro::reaction {

/// Rows in ascending order of their keys. What was kept under the key of a
/// person who was erased is not there. Fails with what the log or the key ring fails with.
iro::Result<std::vector<std::pair<Bytes, Bytes>>> merge_state(log::EventLog& log, log::KeyRing& keys,
                                                              const StateAsk& ask, const StateMap& changed);

}  // namespace iro::reaction

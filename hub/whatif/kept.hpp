// hub/whatif/kept.hpp: what the rule keeps today, beside what the candidate keeps at the end. Pure but for the keys.
#pragma once

#include "hub/whatif/candidate.hpp"
#include "hub/whatif/replay.hpp"

namespace iro::whatif {

/// State and timers, by key. Values of persons who were erased meanwhile are counted as unseen.
/// Fails as `keys` does, and with corrupt when a value is not what was sealed.
Status compare_kept(const log::PluginRecord& record, const FindKey& keys, const Candidate& candidate,
                    std::size_t examples, Report& report);

}  // namespace iro::whatif

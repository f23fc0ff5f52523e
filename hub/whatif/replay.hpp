// hub/whatif/replay.hpp: a region's history once more, through a rule that is new or was changed.
//
// The candidate is shown the log from its beginning, as a plugin that trails is
// (hub/core/trail.cpp): what it judges when it came, held or not; other events
// when they went out; markers where the content is gone. Left out is what the
// old version said, and what the hub said to it. The candidate's own events and
// timers take their place (README.md). What other plugins and people did stays
// as recorded, also where the candidate would have refused what they answered.
//
// Nothing is written. One thread, that of the runner; returns when the log is
// at its end. Fails as LogReader does, and with config_invalid when the
// candidate does not start.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "hub/log/event_log.hpp"
#include "hub/log/keys.hpp"
#include "hub/reaction/runner.hpp"
#include "hub/schema/registry.hpp"
#include "hub/whatif/report.hpp"

namespace iro::whatif {

/// Nothing when the key was destroyed.
using FindKey = std::function<Result<std::optional<log::PersonKey>>(PersonKeyNo)>;
/// Events looked at, of how many; called after every chunk.
using Progress = std::function<void(std::uint64_t done, std::uint64_t of)>;

/// What is read and asked. All of it outlives the replay.
struct Region {
  log::LogReader& reader;
  const log::PluginRecord& record;
  const FindKey& keys;
  const schema::Registry& registry;  // with the types that the hub's plugins and the candidate bring
};

struct Trial {
  const reaction::PluginSpec& spec;
  std::string version;
  reaction::Runner& runner;            // knows the candidate
  std::set<std::string> others_judge;  // types that another plugin of the hub judges
  std::string hub_oin;                 // of the source of what the candidate says
  TimeMs since;                        // compared from here on
  std::optional<TimeMs> until;         // looked at no further
  bool from_the_beginning = false;     // also of what the old version was not there for
  std::size_t examples = 20;           // of each kind of difference
  Progress progress;
};

Result<Report> replay(const Region& region, const Trial& trial);

}  // namespace iro::whatif

// plugins/scenario/runner.hpp: runs a .scenario file at a hub in memory, with scripted plugins or real ones.
//
// The one runner of the one grammar (statements.hpp): for the hub's own
// behaviour, for plugins, and for what quarantine exports. Each run has a hub of
// its own, and a process of its own for each real plugin. Whatever is wrong in the
// text or differs from what it expects is a Finding, never an exception.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/scenario/plugin_process.hpp"

namespace iro::scenario {

struct RunOptions {
  std::vector<RealPlugin> plugins = {};     // real ones, the one that is tested first; none: only scripted ones
  const schema::Registry* types = nullptr;  // none: those of this build
  bool update = false;                      // an expectation that differs is corrected, where that can be said
};

struct Finding {
  int line = 0;
  std::string what;
};

struct Run {
  std::size_t statements = 0;        // that hold
  std::optional<Finding> finding;    // the first that does not; the run ended there
  std::size_t corrected = 0;         // expectations, with RunOptions::update
  std::string text;                  // with the corrections
  std::vector<std::string> answers;  // of all plugins, in order: equal in two runs, or something is not deterministic
};

Run run(std::string_view text, const RunOptions& options);

}  // namespace iro::scenario

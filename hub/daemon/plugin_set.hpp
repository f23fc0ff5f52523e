// hub/daemon/plugin_set.hpp: the plugins of a hub, as they lie in its folder.
//
//   plugins/ID/plugin.toml   and what it names: the object, schemas of its own
//   plugins/ID.toml          the operator's settings, if any
//
// Read at start, before any code of a plugin is. `iro plugin enable` puts one there.
#pragma once

#include <filesystem>
#include <vector>

#include "hub/reaction/process_runner.hpp"
#include "hub/schema/registry.hpp"

namespace iro::daemon {

/// A plugin that is not one of the hub's yet, as if it were.
struct PluginInstead {
  std::filesystem::path folder;    // holds its plugin.toml
  std::filesystem::path settings;  // empty: the operator's own, plugins/ID.toml
};

/// All of `folder` (none when it is not there), with the types that they bring added to `registry`.
/// `instead` counts in place of the hub's plugin of its id. Fails with config_invalid, naming every problem found.
Result<std::vector<reaction::ProcessPlugin>> load_plugins(const std::filesystem::path& folder,
                                                          schema::Registry& registry,
                                                          const PluginInstead& instead = {});

/// The program that a plugin lives in: beside this one, or in ../lib/iro.
std::filesystem::path plugin_host();

}  // namespace iro::daemon

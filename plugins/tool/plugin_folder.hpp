// plugins/tool/plugin_folder.hpp: a plugin as an operator gets it: a folder with plugin.toml, object and schemas.
//
// Reads and compares everything that can be without running any of its code, as
// the hub does at its start. Errors are those of the manifest, with what to do
// next where an author is likely to have meant something else.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hub/schema/registry.hpp"
#include "plugins/scenario/plugin_process.hpp"

namespace iro::tool {

struct PluginFolder {
  reaction::Manifest manifest;
  std::vector<Bytes> schemas;               // that it brings
  std::unique_ptr<schema::Registry> types;  // of this build, and those
  std::string config;                       // JSON: every setting

  /// Ready to be started in `host`.
  [[nodiscard]] scenario::RealPlugin real(const std::filesystem::path& host) const;
  /// The types that it judges, then those that it reacts to.
  [[nodiscard]] std::vector<const schema::EventType*> heard() const;
  [[nodiscard]] bool judges(const schema::EventType& type) const;
};

/// plugin.toml in the folder, or that file itself. With a hint when it is the one of the source.
Result<reaction::Manifest> read_manifest(const std::filesystem::path& folder);
/// The types of this build, and those that the plugin brings.
Result<std::unique_ptr<schema::Registry>> types_with(const std::vector<Bytes>& schemas);
/// All of it. `settings`: the operator's file for this plugin; empty: only defaults.
Result<PluginFolder> open_folder(const std::filesystem::path& folder, const std::filesystem::path& settings = {});

Result<std::string> read_text(const std::filesystem::path& file);

}  // namespace iro::tool

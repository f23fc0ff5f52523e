#include "hub/daemon/plugin_set.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace iro::daemon {
namespace fs = std::filesystem;
namespace {

/// What the operator set for the plugin: FOLDER/ID.toml, or nothing; `named` must be there.
Result<std::string> settings_of(const fs::path& folder, const reaction::Manifest& manifest, const fs::path& named) {
  const fs::path file = named.empty() ? folder / (manifest.spec.id + ".toml") : named;
  std::ostringstream text;
  if (!named.empty() || fs::exists(file)) {
    std::ifstream in(file);
    text << in.rdbuf();
    if (!in) return fail(Errc::io, fmt::format("{}: cannot be read", file.string()));
  }
  return reaction::config_json(manifest, text.str(), file.string());
}

}  // namespace

Result<std::vector<reaction::ProcessPlugin>> load_plugins(const fs::path& folder, schema::Registry& registry,
                                                          const PluginInstead& instead) {
  std::vector<reaction::ProcessPlugin> out;
  if (!fs::is_directory(folder) && instead.folder.empty()) return out;
  auto manifests = reaction::load_all(folder, instead.folder);
  if (!manifests) return fail(manifests.error());
  for (auto& manifest : *manifests) {
    auto schemas = reaction::read_schemas(manifest);
    if (!schemas) return fail(schemas.error());
    for (const Bytes& bfbs : *schemas) IRO_TRY(registry.add(bfbs), manifest.file.string());
    const bool trial = !instead.folder.empty() && manifest.file.parent_path() == instead.folder;
    auto config = settings_of(folder, manifest, trial ? instead.settings : fs::path());
    if (!config) return fail(config.error());
    out.push_back({std::move(manifest), std::move(*config), std::move(*schemas)});
  }
  IRO_TRY(registry.check_gates(), folder.string());
  std::string wrong;
  for (const auto& plugin : out) {
    const Status fit = reaction::check_types(plugin.manifest, registry);
    if (!fit) wrong += (wrong.empty() ? "" : "; ") + fit.error().message;
  }
  if (!wrong.empty()) return fail(Errc::config_invalid, wrong);
  return out;
}

fs::path plugin_host() {
  std::error_code ec;
  const fs::path here = fs::read_symlink("/proc/self/exe", ec).parent_path();
  const fs::path beside = here / "iro-plugin-host";
  return fs::exists(beside, ec) ? beside : here.parent_path() / "lib/iro/iro-plugin-host";
}

}  // namespace iro::daemon

#include "plugins/tool/plugin_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace iro::tool {
namespace fs = std::filesystem;

scenario::RealPlugin PluginFolder::real(const fs::path& host) const { return {host, {manifest, config, schemas}}; }

std::vector<const schema::EventType*> PluginFolder::heard() const {
  std::vector<const schema::EventType*> out;
  out.reserve(manifest.spec.judges.size() + manifest.spec.reacts.size());
  for (const auto* list : {&manifest.spec.judges, &manifest.spec.reacts}) {
    for (const std::string& name : *list) out.push_back(types->find(name));
  }
  return out;
}

bool PluginFolder::judges(const schema::EventType& type) const {
  return std::ranges::find(manifest.spec.judges, type.name) != manifest.spec.judges.end();
}

Result<std::string> read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in.good() && !in.eof()) return fail(Errc::io, fmt::format("{}: cannot be read", file.string()));
  return text;
}

Result<reaction::Manifest> read_manifest(const fs::path& folder) {
  const fs::path file = folder.filename() == "plugin.toml" ? folder : folder / "plugin.toml";
  auto manifest = reaction::Manifest::load(file);
  if (manifest || manifest.error().message.find("'object' is missing") == std::string::npos) return manifest;
  return fail(manifest.error().code,
              fmt::format("{}\nthis is the plugin.toml of a source folder: build it, and give the folder "
                          "build/dev/plugins/NAME, where the object is",
                          manifest.error().message));
}

Result<std::unique_ptr<schema::Registry>> types_with(const std::vector<Bytes>& schemas) {
  auto made = schema::Registry::builtin();
  if (!made) return fail(made.error());
  auto types = std::make_unique<schema::Registry>(std::move(*made));
  for (const Bytes& bfbs : schemas) IRO_TRY(types->add(bfbs), "schema");
  IRO_TRY(types->check_gates(), "schema");
  return types;
}

Result<PluginFolder> open_folder(const fs::path& folder, const fs::path& settings) {
  auto manifest = read_manifest(folder);
  if (!manifest) return fail(manifest.error());
  IRO_TRY(reaction::check_object(*manifest), "object");
  auto schemas = reaction::read_schemas(*manifest);
  if (!schemas) return fail(schemas.error());
  auto types = types_with(*schemas);
  if (!types) return fail(types.error());
  IRO_TRY(reaction::check_types(*manifest, **types), "types");
  std::string text;
  if (!settings.empty()) {
    auto read = read_text(settings);
    if (!read) return fail(read.error());
    text = std::move(*read);
  }
  auto config = reaction::config_json(*manifest, text, settings.string());
  if (!config) return fail(config.error());
  return PluginFolder{std::move(*manifest), std::move(*schemas), std::move(*types), std::move(*config)};
}

}  // namespace iro::tool

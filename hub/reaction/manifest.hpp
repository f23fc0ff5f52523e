// hub/reaction/manifest.hpp: plugin.toml, read before any code of the plugin is.
//
// Strict: what is misspelt is told, not ignored. Every message begins with
// FILE:LINE. Errors are Errc::config_invalid, or Errc::io when a file cannot be
// read. Values.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/reaction/plugin.hpp"
#include "hub/schema/registry.hpp"

namespace iro::reaction {

/// A setting's value. A list holds texts.
using SettingValue = std::variant<std::int64_t, double, bool, std::string, std::vector<std::string>>;
enum class SettingType : std::uint8_t { integer, number, text, boolean, list };

/// [config.NAME]: what the operator may set.
struct Setting {
  std::string name;
  SettingType type = SettingType::text;
  SettingValue otherwise;     // `default`
  std::optional<double> min;  // of a text: characters; of a list: items
  std::optional<double> max;
  std::string nl;
  std::string en;
};

struct Manifest {
  std::filesystem::path file;
  PluginSpec spec;
  std::string version;
  std::uint16_t abi_major = 0;
  std::uint16_t abi_minor = 0;
  std::filesystem::path object;  // beside the file
  Hash sha256{};
  std::string nl;
  std::string en;
  std::vector<std::filesystem::path> schemas;  // .bfbs, beside the file
  std::uint32_t memory_mib = 64;
  std::int64_t event_ms = 250;
  std::vector<Setting> settings;

  static iro::Result<Manifest> parse(std::string_view toml, const std::filesystem::path& file);
  static iro::Result<Manifest> load(const std::filesystem::path& file);
};

/// The object is there and has the hash that the manifest gives: nothing of it was run for that.
Status check_object(const Manifest& manifest);
/// The .bfbs files that it brings, in the manifest's order.
iro::Result<std::vector<Bytes>> read_schemas(const Manifest& manifest);

/// Every type that it lists is in the registry, and none that it judges or emits is the hub's own.
Status check_types(const Manifest& manifest, const schema::Registry& registry);

/// Each FOLDER/*/plugin.toml with its object checked, in the order of the
/// folders' names. All problems (of each manifest, of each object, two plugins
/// with one id, two judges of one type) stand in the one message. Folders whose
/// names begin with a dot are not looked at. `instead`: a folder that counts in
/// place of the one of its plugin's id, or beside the others.
iro::Result<std::vector<Manifest>> load_all(const std::filesystem::path& folder,
                                            const std::filesystem::path& instead = {});

/// The configuration as the plugin gets it: JSON with every setting of the
/// manifest, from the operator's file (TOML, or JSON when it begins with '{')
/// and the defaults. `name` is the file's, for messages.
iro::Result<std::string> config_json(const Manifest& manifest, std::string_view text, const std::string& name);

}  // namespace iro::reaction

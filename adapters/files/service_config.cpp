#include <fmt/format.h>
#include <fstream>

#include <toml++/toml.h>
#include <algorithm>

#include "adapters/files/service.hpp"
#include "adapters/files/toml_reader.hpp"

namespace iro::files {
namespace {

namespace fs = std::filesystem;

/// Every sub-folder with a key.toml is a member.
std::vector<MemberConfig> members_below(const fs::path& root) {
  std::vector<MemberConfig> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    if (fs::exists(entry.path() / "key.toml", error)) out.push_back({entry.path(), entry.path() / "key.toml"});
  }
  std::ranges::sort(out, {}, &MemberConfig::folder);
  return out;
}

}  // namespace

Result<ServiceConfig> ServiceConfig::load(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(Errc::config_invalid, fmt::format("{} cannot be read", path.string()));
  const auto root = parse_toml(text.str(), path.string(), Errc::config_invalid);
  if (!root) return fail(root.error());
  const auto relative = [&](const std::string& name) { return path.parent_path() / name; };
  TomlReader toml;
  toml.only(*root, {"root", "mappings", "poll_ms", "quiet_ms", "member"});
  ServiceConfig config;
  config.poll_ms = toml.number(*root, "poll_ms", 10, config.poll_ms);
  config.quiet_ms = toml.number(*root, "quiet_ms", 0, config.quiet_ms);
  if (const std::string mappings = toml.text(*root, "mappings"); !mappings.empty())
    config.mappings = relative(mappings);
  if (const std::string folder = toml.text(*root, "root"); !folder.empty())
    config.members = members_below(relative(folder));
  for (const toml::table* member : toml.sections(*root, "member")) {
    toml.only(*member, {"folder", "key"});
    const fs::path at = relative(toml.text(*member, "folder", true));
    const std::string key = toml.text(*member, "key");
    config.members.push_back({at, key.empty() ? at / "key.toml" : relative(key)});
  }
  if (config.members.empty())
    toml.complain(*root, "there are no members: name them in [[member]], or their folder in root");
  if (!toml.complaint().empty())
    return fail(Errc::config_invalid, fmt::format("{}:{}", path.string(), toml.complaint()));
  return config;
}

}  // namespace iro::files

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>

#include "adapters/files/service.hpp"

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

tl::unexpected<Error> invalid(const fs::path& path, const toml::node& node, std::string_view text) {
  return fail(Errc::config_invalid, fmt::format("{}:{}: {}", path.string(), node.source().begin.line, text));
}

}  // namespace

Result<ServiceConfig> ServiceConfig::load(const fs::path& path) {
  toml::table root;
  try {
    root = toml::parse_file(path.string());
  } catch (const toml::parse_error& e) {
    return fail(Errc::config_invalid, fmt::format("{}:{}: {}", path.string(), e.source().begin.line, e.description()));
  }
  for (const auto& [key, node] : root) {
    const std::string_view known[] = {"root", "mappings", "poll_ms", "quiet_ms", "member"};
    if (std::ranges::find(known, key.str()) == std::end(known))
      return invalid(path, node, fmt::format("unknown key '{}'", key.str()));
  }
  const auto relative = [&](const std::string& name) { return path.parent_path() / name; };
  ServiceConfig config;
  config.poll_ms = root["poll_ms"].value_or(config.poll_ms);
  config.quiet_ms = root["quiet_ms"].value_or(config.quiet_ms);
  if (config.poll_ms < 10 || config.quiet_ms < 0)
    return invalid(path, root, "poll_ms is at least 10, quiet_ms at least 0");
  if (const auto mappings = root["mappings"].value<std::string>()) config.mappings = relative(*mappings);
  if (const auto folder = root["root"].value<std::string>()) config.members = members_below(relative(*folder));
  if (const toml::array* members = root["member"].as_array()) {
    for (const toml::node& node : *members) {
      const toml::table* member = node.as_table();
      const auto folder = member == nullptr ? std::nullopt : (*member)["folder"].value<std::string>();
      if (!folder) return invalid(path, node, "a [[member]] has a folder");
      const fs::path at = relative(*folder);
      const auto key = (*member)["key"].value<std::string>();
      config.members.push_back({at, key ? relative(*key) : at / "key.toml"});
    }
  }
  if (config.members.empty())
    return invalid(path, root, "there are no members: name them in [[member]], or their folder in root");
  return config;
}

}  // namespace iro::files

#include "hub/daemon/home.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <toml++/toml.h>
#include <algorithm>
#include <fstream>

#include "hub/base/bytes.hpp"
#include "hub/base/crypto.hpp"

namespace iro::daemon {
namespace fs = std::filesystem;
namespace {

Status write_file(const fs::path& path, const std::string& text, mode_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0)
    return fail(errno == EEXIST ? Errc::exists : Errc::io, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!written) return fail(Errc::io, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  return {};
}

std::string config_text(const HomeConfig& c) {
  std::string endpoints;
  for (const auto& e : c.endpoints) endpoints += fmt::format("{}\"{}\"", endpoints.empty() ? "" : ", ", e);
  return fmt::format(
      "# IRO hub. After a change: `irod --check-config DIR`, then `systemctl reload irod` (SIGHUP).\n"
      "# oin and endpoints want a restart; the log says so.\n"
      "name = \"{}\"\n"
      "# The cooperative's OIN: the source of what the hub itself says.\n"
      "oin = \"{}\"\n"
      "# Where members connect. \"ipc:///path/hub.sock\" is possible beside tcp.\n"
      "endpoints = [{}]\n"
      "# debug, info, warning or error\n"
      "log_level = \"{}\"\n"
      "# How far the log was a second ago, signed: on another volume than data/, and in no backup.\n"
      "witness = \"{}\"\n"
      "# Where `iro backup --keys` puts copies of the personal keys; they are removed after 30 days.\n"
      "# keys_backup = \"/backup/iro-keys\"\n"
      "# Where the rules of the region lie: FOLDER/ID/plugin.toml, and FOLDER/ID.toml with their settings.\n"
      "# plugins = \"plugins\"\n"
      "# How fast the log is read again in idle time, to find bit rot; 0 switches it off.\n"
      "scrub_bytes_per_second = {}\n"
      "# How long clients have to finish when the hub goes down, 100 to 30000 ms.\n"
      "drain_ms = {}\n"
      "# Input that may wait inside, 1 to 1024 MiB; beyond it publishers are refused `busy` and send again.\n"
      "input_queue_mib = {}\n",
      c.name, c.oin, endpoints, c.log_level, c.witness.string(), c.scrub_bytes_per_second, c.drain_ms,
      c.input_queue_mib);
}

std::string secrets_text(const Secrets& s) {
  return fmt::format(
      "# The hub's own keys. Whoever has this file can pretend to be the hub.\n"
      "curve_public = '{}'\ncurve_secret = '{}'\noperator_public = '{}'\ntoken_key = '{}'\nreceipt_key = '{}'\n"
      "witness_seed = '{}'\n",
      s.curve_public, s.curve_secret, s.operator_public, to_hex(s.token_key), to_hex(s.receipt_key),
      to_hex(s.witness_seed));
}

Result<toml::table> parse(const fs::path& path) {
  try {
    return toml::parse_file(path.string());
  } catch (const toml::parse_error& e) {
    return fail(Errc::config_invalid, fmt::format("{}:{}: {}", path.string(), e.source().begin.line, e.description()));
  }
}

Result<std::string> text(const toml::table& table, const char* name, const fs::path& path) {
  if (const auto v = table[name].value<std::string>()) return *v;
  return fail(Errc::config_invalid, fmt::format("{}: '{}' is missing or no text", path.string(), name));
}

}  // namespace

const std::vector<std::string>& known_settings() {
  static const std::vector<std::string> all = {"name",      "oin",         "endpoints",
                                               "log_level", "drain_ms",    "input_queue_mib",
                                               "witness",   "keys_backup", "scrub_bytes_per_second",
                                               "plugins"};
  return all;
}

const std::vector<NumberSetting>& number_settings() {
  static const std::vector<NumberSetting> all = {
      {"drain_ms", 100, 30'000, 2'000},
      {"input_queue_mib", 1, 1'024, 64},
      {"scrub_bytes_per_second", 0, limits::scrub_most_bytes_per_second, std::int64_t{limits::scrub_bytes_per_second}}};
  return all;
}

Result<Home> Home::create(const fs::path& folder, const HomeConfig& config, Secrets secrets) {
  std::error_code ec;
  fs::create_directories(folder / "data", ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", folder.string(), ec.message()));
  fs::permissions(folder / "data", fs::perms::owner_all, ec);
  random_bytes(secrets.token_key);
  random_bytes(secrets.receipt_key);
  random_bytes(secrets.witness_seed);
  IRO_TRY(write_file(folder / "secrets.toml", secrets_text(secrets), 0600), "make a hub");
  IRO_TRY(write_file(folder / "hub.toml", config_text(config), 0644), "make a hub");
  return Home{folder, config, std::move(secrets)};
}

Result<Home> Home::load(const fs::path& folder) {
  if (!fs::exists(folder / "hub.toml"))
    return fail(Errc::config_invalid,
                fmt::format("{} holds no hub.toml: `iro init {}` makes a hub", folder.string(), folder.string()));
  Home home;
  home.folder = folder;
  const fs::path config_path = folder / "hub.toml";
  const auto config = parse(config_path);
  if (!config) return fail(config.error());
  for (const auto& [key, value] : *config) {
    if (std::ranges::find(known_settings(), key.str()) == known_settings().end()) {
      return fail(Errc::config_invalid, fmt::format("{}:{}: unknown setting '{}'", config_path.string(),
                                                    value.source().begin.line, key.str()));
    }
  }
  std::string witness_folder = home.config.witness.string();
  std::string keys_folder;
  std::string plugins_folder = home.config.plugins.string();
  for (const auto& [name, target] : {std::pair{"name", &home.config.name},
                                     {"oin", &home.config.oin},
                                     {"log_level", &home.config.log_level},
                                     {"witness", &witness_folder},
                                     {"keys_backup", &keys_folder},
                                     {"plugins", &plugins_folder}}) {
    if (!config->contains(name)) continue;  // a setting that is not there has its default
    auto value = text(*config, name, config_path);
    if (!value) return fail(value.error());
    *target = std::move(*value);
  }
  if (witness_folder.empty())
    return fail(Errc::config_invalid, fmt::format("{}: 'witness' names no folder", config_path.string()));
  home.config.witness = witness_folder;
  home.config.keys_backup = keys_folder;
  home.config.plugins = plugins_folder;
  std::int64_t scrub = 0;
  for (const auto& s : number_settings()) {
    std::int64_t* const target = s.name == std::string_view("drain_ms")          ? &home.config.drain_ms
                                 : s.name == std::string_view("input_queue_mib") ? &home.config.input_queue_mib
                                                                                 : &scrub;
    *target = s.usual;
    const toml::node* node = config->get(s.name);
    if (node == nullptr) continue;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < s.least || *value > s.most)
      return fail(Errc::config_invalid,
                  fmt::format("{}: '{}' is not from {} to {}", config_path.string(), s.name, s.least, s.most));
    *target = *value;
  }
  home.config.scrub_bytes_per_second = static_cast<std::size_t>(scrub);
  if (const auto* endpoints = (*config)["endpoints"].as_array()) {
    home.config.endpoints.clear();
    for (const auto& e : *endpoints) home.config.endpoints.push_back(e.value_or(std::string()));
  }
  if (home.config.endpoints.empty())
    return fail(Errc::config_invalid, fmt::format("{}: no endpoints", config_path.string()));

  const fs::path secrets_path = folder / "secrets.toml";
  const auto secrets = parse(secrets_path);
  if (!secrets) return fail(secrets.error());
  std::string token;
  std::string receipt;
  std::string witness;
  for (const auto& [name, target] : {std::pair{"curve_public", &home.secrets.curve_public},
                                     {"curve_secret", &home.secrets.curve_secret},
                                     {"operator_public", &home.secrets.operator_public},
                                     {"token_key", &token},
                                     {"receipt_key", &receipt},
                                     {"witness_seed", &witness}}) {
    auto value = text(*secrets, name, secrets_path);
    if (!value) return fail(value.error());
    *target = std::move(*value);
  }
  if (!from_hex(token, home.secrets.token_key) || !from_hex(receipt, home.secrets.receipt_key) ||
      !from_hex(witness, home.secrets.witness_seed)) {
    return fail(Errc::config_invalid,
                fmt::format("{}: a key is not 64 characters of hexadecimal", secrets_path.string()));
  }
  return home;
}

}  // namespace iro::daemon

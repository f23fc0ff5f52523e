#include "hub/daemon/home.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <toml++/toml.h>
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
      "# IRO hub. After a change: restart irod.\n"
      "name = \"{}\"\n"
      "# The cooperative's OIN: the source of what the hub itself says.\n"
      "oin = \"{}\"\n"
      "# Where members connect. \"ipc:///path/hub.sock\" is possible beside tcp.\n"
      "endpoints = [{}]\n"
      "# debug, info, warning or error\n"
      "log_level = \"{}\"\n",
      c.name, c.oin, endpoints, c.log_level);
}

std::string secrets_text(const Secrets& s) {
  return fmt::format(
      "# The hub's own keys. Whoever has this file can pretend to be the hub.\n"
      "curve_public = '{}'\ncurve_secret = '{}'\noperator_public = '{}'\ntoken_key = '{}'\nreceipt_key = '{}'\n",
      s.curve_public, s.curve_secret, s.operator_public, to_hex(s.token_key), to_hex(s.receipt_key));
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

Result<Home> Home::create(const fs::path& folder, const HomeConfig& config, Secrets secrets) {
  std::error_code ec;
  fs::create_directories(folder / "data", ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", folder.string(), ec.message()));
  fs::permissions(folder / "data", fs::perms::owner_all, ec);
  random_bytes(secrets.token_key);
  random_bytes(secrets.receipt_key);
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
    static constexpr std::string_view known[] = {"name", "oin", "endpoints", "log_level"};
    if (std::find(std::begin(known), std::end(known), key.str()) == std::end(known)) {
      return fail(Errc::config_invalid, fmt::format("{}:{}: unknown setting '{}'", config_path.string(),
                                                    value.source().begin.line, key.str()));
    }
  }
  home.config.name = (*config)["name"].value_or(home.config.name);
  home.config.oin = (*config)["oin"].value_or(home.config.oin);
  home.config.log_level = (*config)["log_level"].value_or(home.config.log_level);
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
  for (const auto& [name, target] : {std::pair{"curve_public", &home.secrets.curve_public},
                                     {"curve_secret", &home.secrets.curve_secret},
                                     {"operator_public", &home.secrets.operator_public},
                                     {"token_key", &token},
                                     {"receipt_key", &receipt}}) {
    auto value = text(*secrets, name, secrets_path);
    if (!value) return fail(value.error());
    *target = std::move(*value);
  }
  if (!from_hex(token, home.secrets.token_key) || !from_hex(receipt, home.secrets.receipt_key)) {
    return fail(Errc::config_invalid,
                fmt::format("{}: a key is not 64 characters of hexadecimal", secrets_path.string()));
  }
  return home;
}

}  // namespace iro::daemon

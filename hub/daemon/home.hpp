// hub/daemon/home.hpp: a hub's folder, as `iro init` makes it and irod opens it.
//
//   hub.toml            what an operator may change: endpoints, name, log level
//   secrets.toml        the hub's own keys (mode 0600)
//   operator.key.toml   the operator's key file, for `iro` (mode 0600)
//   data/               the log and what belongs to it (docs/log-format.md)
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "hub/base/error.hpp"

namespace iro::daemon {

struct HomeConfig {
  std::string name = "region";
  std::string oin = "00000099000000000000";
  std::vector<std::string> endpoints{"tcp://127.0.0.1:7411"};
  std::string log_level = "info";
};

struct Secrets {
  std::string curve_public;  // Z85
  std::string curve_secret;
  std::string operator_public;
  std::array<std::uint8_t, 32> token_key{};
  std::array<std::uint8_t, 32> receipt_key{};
};

struct Home {
  std::filesystem::path folder;
  HomeConfig config;
  Secrets secrets;
  [[nodiscard]] std::filesystem::path data() const { return folder / "data"; }

  /// Make a new one; `operator_public` is the key that may enrol members. Fails with
  /// `exists` when there is a hub in the folder already.
  static Result<Home> create(const std::filesystem::path& folder, const HomeConfig& config, Secrets secrets);
  /// Fails with config_invalid, naming file and line.
  static Result<Home> load(const std::filesystem::path& folder);
};

}  // namespace iro::daemon

// hub/daemon/home.hpp: a hub's folder, as `iro init` makes it and irod opens it.
//
//   hub.toml            what an operator may change: endpoints, name, log level, limits
//   secrets.toml        the hub's own keys (mode 0600)
//   plugins/            the rules of the region (plugin_set.hpp)
//   operator.key.toml   the operator's key file, for `iro` (mode 0600)
//   data/               the log and what belongs to it (docs/log-format.md)
//   witness/            how far the log was a second ago, signed; better on another volume
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/base/limits.hpp"

namespace iro::daemon {

struct HomeConfig {
  std::string name = "region";
  std::string oin = "00000099000000000000";
  std::vector<std::string> endpoints{"tcp://127.0.0.1:7411"};
  std::string log_level = "info";
  // Where the witness of the log stands: another volume than data/, and in no backup. Relative to the hub's folder.
  std::filesystem::path witness = "witness";
  std::filesystem::path plugins = "plugins";  // relative to the hub's folder
  std::filesystem::path keys_backup;          // where `iro backup --keys` puts copies of keys.db; empty: nowhere
  std::size_t scrub_bytes_per_second = limits::scrub_bytes_per_second;  // 0: no scrubbing
  std::int64_t drain_ms = 2'000;      // how long clients have to finish when the hub goes down
  std::int64_t input_queue_mib = 64;  // then publishers are refused `busy`
};

/// What hub.toml may hold.
const std::vector<std::string>& known_settings();
struct NumberSetting {
  const char* name;
  std::int64_t least;
  std::int64_t most;
  std::int64_t usual;
};
const std::vector<NumberSetting>& number_settings();

struct Secrets {
  std::string curve_public;  // Z85
  std::string curve_secret;
  std::string operator_public;
  std::array<std::uint8_t, 32> token_key{};
  std::array<std::uint8_t, 32> receipt_key{};
  std::array<std::uint8_t, 32> witness_seed{};  // of the Ed25519 key that signs the witness
};

struct Home {
  std::filesystem::path folder;
  HomeConfig config;
  Secrets secrets;
  [[nodiscard]] std::filesystem::path data() const { return folder / "data"; }
  [[nodiscard]] std::filesystem::path witness() const { return folder / config.witness; }
  [[nodiscard]] std::filesystem::path plugins() const { return folder / config.plugins; }
  [[nodiscard]] std::filesystem::path tombstones() const { return witness() / "tombstones"; }

  /// Make a new one; `operator_public` is the key that may enrol members. Fails with
  /// `exists` when there is a hub in the folder already.
  static Result<Home> create(const std::filesystem::path& folder, const HomeConfig& config, Secrets secrets);
  /// Fails with config_invalid, naming file and line.
  static Result<Home> load(const std::filesystem::path& folder);
};

}  // namespace iro::daemon

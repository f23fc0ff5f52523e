// adapters/files/commands.hpp: what `iro files ...` does, behind the parsing of its arguments.
//
// Each function prints to standard output (trouble to standard error) and
// returns the exit code: 0 = all is well, 1 = something was rejected or failed,
// 2 = it could not begin (a configuration, a key or a mapping is wrong).
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace iro::files {

struct CheckOptions {
  std::vector<std::filesystem::path> paths;
  std::filesystem::path mappings;  // a folder with more mappings; "" = none
  bool json = false;
};
/// `iro files check FILE...`: no hub, nothing is written.
int run_check(const CheckOptions& options);

struct TakeOptions {
  std::filesystem::path folder;    // the member's
  std::filesystem::path key;       // its key file; "" = FOLDER/key.toml
  std::filesystem::path file;      // inside FOLDER/outbox it moves when it is taken, elsewhere it stays
  std::int64_t flush_ms = 30'000;  // how long to wait for the hub; events are safe in the outbox meanwhile
  bool again = false;              // also what was taken before: after a grant, for what the hub had refused
  bool json = false;               // progress and result as JSON lines
};
/// `iro files take`: one file, now.
int run_take(const TakeOptions& options);

struct LinkOptions {
  std::filesystem::path folder;  // the member's
  std::filesystem::path key;     // its key file; "" = FOLDER/key.toml
  std::filesystem::path file;
  bool dry_run = false;
  bool json = false;
};
/// `iro files link`: student numbers and BSNs or onderwijsnummers that are one person. The hub hears nothing of it.
int run_link(const LinkOptions& options);

struct ServeOptions {
  std::filesystem::path config;
  bool drain = false;  // end when all outboxes are empty and the hub has everything
  std::int64_t drain_ms = 600'000;
  bool json = false;  // the status as a JSON line each second
};
/// `iro files run`: until SIGTERM or SIGINT.
int run_service(const ServeOptions& options);

}  // namespace iro::files

// hub/daemon/config_check.hpp: is this hub's folder fit to be run?
//
// Finds every problem at once, each with its line and what to do, where
// Home::load() stops at the first. Reads only; never opens the log, so it may
// run beside the hub. `irod --check-config DIR` and `iro doctor` print it.
// Secrets are looked at and never shown.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hub/daemon/home.hpp"

namespace iro::daemon {

struct Problem {
  std::string check;  // "endpoints": programs read it; one of doctor_checks.inc
  std::filesystem::path file;
  std::uint32_t line = 0;  // 0: about the file, or about something that is missing
  std::string what;
  std::string fix;
  bool warning = false;                    // irod takes it all the same
  [[nodiscard]] std::string text() const;  // "hub.toml:4: endpoints: ... (fix: ...)"
};

/// Nothing but warnings when irod would take the folder as it is.
std::vector<Problem> check_config(const std::filesystem::path& folder);

}  // namespace iro::daemon

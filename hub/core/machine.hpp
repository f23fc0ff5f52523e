// hub/core/machine.hpp: what the machine around the core is like, for `status`.
//
// The core asks nobody: whoever drives it tells it once a second (input
// Machine). What is not known there stays unset and is left out of the answer.
// Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hub/base/clock.hpp"

namespace iro::core {

/// Of the reader that goes over all pages day by day.
struct ScrubState {
  TimeMs last_pass;  // when everything was last read through; 0: not yet
  std::uint64_t findings = 0;
  std::uint32_t percent = 0;  // of the pass that is under way
};

struct BackupState {
  bool running = false;
  TimeMs last_good;  // that was made and verified since the start; 0: none
  std::string last_error;
};

struct Machine {
  std::optional<std::uint64_t> wal_bytes;
  std::optional<std::uint64_t> disk_free_bytes;
  std::optional<std::uint64_t> memory_bytes;  // resident
  std::optional<ScrubState> scrub;
  std::optional<BackupState> backup;
};

}  // namespace iro::core

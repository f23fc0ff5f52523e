// hub/core/machine.hpp: what the machine around the core is like, for `status`.
//
// The core asks nobody: whoever drives it tells it once a second (input
// Machine). What is not known there stays unset and is left out of the answer.
// Values.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/base/clock.hpp"
#include "hub/base/limits.hpp"

namespace iro::core {

/// Of the reader that goes over the whole log day by day.
struct ScrubState {
  bool on = true;                // false: hub.toml switches it off
  std::string file = "log.db";   // what it reads
  std::uint64_t file_bytes = 0;  // of that, when the round began
  std::array<std::string_view, 4> covers = {"chain", "commitments", "tables", "pages"};
  TimeMs since;              // of this start; no round can have ended before
  std::uint64_t rounds = 0;  // that ended since then
  TimeMs last_pass;          // when everything was last read through; 0: not yet
  std::uint64_t findings = 0;
  std::uint32_t percent = 0;  // of the round that is under way, or of the last one
  std::string trouble;        // why it cannot read, while it cannot
  /// No round has ended for too long: something keeps it from its work.
  [[nodiscard]] bool late(TimeMs now) const {
    return on && now.value() - std::max(since, last_pass).value() > limits::scrub_late_ms;
  }
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

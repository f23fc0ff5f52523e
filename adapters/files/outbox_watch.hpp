// adapters/files/outbox_watch.hpp: which files of an outbox are complete.
//
// Looking is the caller's poll; deciding is pure: a file is ready when two
// looks, `quiet_ms` apart or more, saw the same size and time. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hub/base/clock.hpp"

namespace iro::files {

/// Whether a file of that name is meant to be taken at all (a name that is still being written is not).
bool is_for_taking(const std::string& name);

class OutboxWatch {
 public:
  explicit OutboxWatch(std::int64_t quiet_ms) : quiet_ms_(quiet_ms) {}

  struct Entry {
    std::string name;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
  };
  /// The names that are ready, oldest first, given what is in the folder now.
  std::vector<std::string> ready(const std::vector<Entry>& entries, TimeMs now);

  /// The regular files of a folder that are for taking.
  static std::vector<Entry> list(const std::filesystem::path& folder);

 private:
  struct Seen {
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    TimeMs since;
  };
  std::int64_t quiet_ms_;
  std::map<std::string, Seen> seen_;
};

}  // namespace iro::files

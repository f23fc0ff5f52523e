// hub/log/sqlite/scrubber.hpp: reads the whole log again and again, a little at
// a time, so that bit rot is found while a backup still has what rotted.
//
// A round does what `iro verify` does (verify.hpp), but for SQLite's own
// quick_check, which cannot be done in slices: chain and commitments, state
// tables, then the checksum of every page. One thread; a connection of its own,
// that writes nothing.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "hub/base/clock.hpp"
#include "hub/log/sqlite/verify.hpp"

namespace iro::log {

/// For `status` and `doctor`.
struct ScrubProgress {
  std::uint64_t rounds = 0;      // that ended and found nothing
  std::uint64_t bytes = 0;       // of the round that goes on
  std::uint64_t file_bytes = 0;  // what a round has to read, about
  TimeMs round_ended;            // 0: none yet
  std::optional<Finding> finding;
};

class Scrubber {
 public:
  /// Fails like verify(). `folder` is the hub's data folder.
  static Result<std::unique_ptr<Scrubber>> open(const std::filesystem::path& folder,
                                                const std::string& vfs = page_vfs_name);
  ~Scrubber();

  /// Read about `bytes` more; how many they were. Fails with corrupt when
  /// something is wrong, storage_failed when the file cannot be read.
  Result<std::uint64_t> step(std::size_t bytes, TimeMs now);
  /// Between two rounds.
  [[nodiscard]] bool at_rest() const;
  [[nodiscard]] const ScrubProgress& progress() const { return progress_; }

 private:
  struct Round;
  Scrubber(std::filesystem::path folder, std::string vfs);
  Status begin_round();

  const std::filesystem::path folder_;
  const std::string vfs_;
  std::unique_ptr<Round> round_;
  ScrubProgress progress_;
};

}  // namespace iro::log

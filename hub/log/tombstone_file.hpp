// hub/log/tombstone_file.hpp: which personal keys were destroyed, written down
// outside of the data folder, so that a restored keys.db does not bring them
// back (docs/log-format.md, "Tombstones").
//
// Append-only; 32 bytes a key, and no key is in it, nor who it was of. One
// thread.
#pragma once

#include <filesystem>
#include <set>
#include <vector>

#include "hub/base/clock.hpp"
#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"

namespace iro::log {

struct Tombstone {
  PersonKeyNo no;
  TimeMs at;
  bool operator==(const Tombstone&) const = default;
};

class TombstoneFile {
 public:
  /// Reads what is there; no file is an empty one. What a crash left unfinished at the end is passed over and
  /// overwritten. Fails with witness_damaged when any other record is not as it was written, or io.
  static Result<TombstoneFile> open(std::filesystem::path file);

  [[nodiscard]] const std::vector<Tombstone>& all() const { return all_; }
  [[nodiscard]] bool has(PersonKeyNo no) const { return numbers_.contains(no); }
  /// On disk when it returns; what is there already is not written again. Makes the folder.
  Status append(const std::vector<Tombstone>& more);

 private:
  explicit TombstoneFile(std::filesystem::path file) : file_(std::move(file)) {}

  std::filesystem::path file_;
  std::vector<Tombstone> all_;
  std::set<PersonKeyNo> numbers_;
};

}  // namespace iro::log

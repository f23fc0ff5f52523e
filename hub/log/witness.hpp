// hub/log/witness.hpp: what stood outside of the log saw of it: how far it was a
// second ago, signed (docs/log-format.md, "The witness").
//
// A log that was cut short, or replaced by an older copy, verifies: it is a
// prefix of itself, and nothing inside can tell. The witness file can, because
// it lies on another volume and in no backup. read() and write() may be called
// from any thread, but by one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "hub/base/clock.hpp"
#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"

namespace iro::log {

/// How far a log was: everything up to `position` had been committed.
struct Testimony {
  std::array<std::uint8_t, 16> log_id{};
  LogEpoch epoch;
  Seq position;                     // of the last event; 0: none
  Hash head{};                      // of the chunk that ends there
  std::uint64_t state_commits = 0;  // commits without events: they move no head
  TimeMs at;
  bool operator==(const Testimony&) const = default;
};

class Witness {
 public:
  using Seed = std::array<std::uint8_t, 32>;  // of an Ed25519 key
  Witness(std::filesystem::path folder, const Seed& seed);
  ~Witness();
  Witness(const Witness&) = default;
  Witness& operator=(const Witness&) = delete;

  /// Nothing when there is no file. Fails with witness_damaged when it is not
  /// what write() wrote with this key, io when it cannot be read.
  [[nodiscard]] Result<std::optional<Testimony>> read() const;
  /// The file holds the old testimony or this one, whatever happens meanwhile;
  /// on disk when it returns. Makes the folder. Fails with io.
  [[nodiscard]] Status write(const Testimony& testimony) const;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "log.witness"; }

 private:
  std::filesystem::path folder_;
  std::array<std::uint8_t, 32> public_key_{};
  std::array<std::uint8_t, 64> secret_key_{};
};

}  // namespace iro::log

// hub/daemon/restore.hpp: a backup becomes the hub's log again (`iro restore`).
//
// Only while no hub runs in the folder. The backup is verified first, and
// compared with what is known to have been acknowledged: the witness, and the
// log that is still in place. One that is older is refused; with accept_loss
// the log begins a new epoch, so that every client learns of it and sends again
// what it keeps. What was in place is moved aside, not deleted.
//
// Cut short at any moment, it leaves a hub that does not start (exit 74), or
// the one before, or the restored one; doing it again completes it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "hub/daemon/home.hpp"
#include "hub/log/sqlite/verify.hpp"
#include "hub/log/witness.hpp"

namespace iro::daemon {

struct RestoreOptions {
  std::filesystem::path keys;  // a folder with a copy of keys.db; used when data/ has none that can be read
  bool accept_loss = false;
  bool without_keys = false;  // go on without keys.db: all that was encrypted is erased
};

struct RestoreReport {
  log::Testimony restored;                     // the log as it is now
  std::optional<log::Testimony> acknowledged;  // the most that is known to have been
  bool loss = false;                           // a new epoch was begun
  std::uint64_t lost_events = 0;               // 0 with a loss: how many is not known
  std::filesystem::path replaced;              // where the files before it are; empty: there were none
  std::size_t keys_erased_again = 0;
  log::VerifyReport verified;
};

/// Fails with locked (a hub runs), corrupt (the backup), restore_loses (older than what was acknowledged, or nothing
/// can tell; the text says by how much), keys_missing, witness_damaged, invalid_argument (another hub's log), io.
Result<RestoreReport> restore(const Home& home, const std::filesystem::path& backup, const RestoreOptions& options,
                              const Clock& clock, const log::VerifyProgress& progress = {});

}  // namespace iro::daemon

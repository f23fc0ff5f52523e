// hub/log/sqlite/keys_backup.hpp: copies of keys.db, apart from those of the
// log, and not for long: an erasure is complete when no copy has the key any
// more (promise P9).
//
// A copy is made after that of the log: a key is on disk before the first body
// under it, so the later copy has every key that the earlier one needs. Any
// thread; beside a hub that works.
#pragma once

#include <filesystem>

#include "hub/base/clock.hpp"
#include "hub/base/error.hpp"

namespace iro::log {

/// Copy keys.db of the folder `data` into a new folder under `root`, named by the time, for its owner's eyes only. On
/// disk when it returns. Fails with not_found when there is no keys.db, corrupt, exists, io.
Result<std::filesystem::path> backup_keys(const std::filesystem::path& data, const std::filesystem::path& root,
                                          TimeMs now);

/// Remove the copies under `root` that are keys_backup_days old or will be within the hour; how many there were. What
/// backup_keys() has not made is left alone.
Result<std::size_t> prune_keys_backups(const std::filesystem::path& root, TimeMs now);

}  // namespace iro::log

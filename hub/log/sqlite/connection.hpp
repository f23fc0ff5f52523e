// hub/log/sqlite/connection.hpp: the one way in which the hub opens an SQLite
// file, and the one place where SQLite's errors become ours.
//
// Every setting of platform.md ("SQLite" 1, 2, 5) is made here: WAL, FULL, own
// checkpoints, no mmap, an untrusted schema, secure deletion, and no checkpoint
// when a connection closes. Used by the log, its readers, the keys and the
// index. A connection belongs to one thread at a time.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <memory>
#include <string>

#include "hub/base/error.hpp"
#include "hub/log/sqlite/page_vfs.hpp"

namespace iro::log {

enum class Access : std::uint8_t { create_or_write, read };

struct ConnectionOptions {
  Access access = Access::read;
  std::string vfs = page_vfs_name;
  std::string synchronous = "FULL";  // anything else is for tests that must be seen to fail
  int busy_ms = 5'000;
  int cache_kib = 8'192;
};

/// Fails with corrupt (and leaves the file as it is), storage_failed, disk_full
/// or, when a file to read is not there, not_found.
Result<std::unique_ptr<SQLite::Database>> open_connection(const std::filesystem::path& file,
                                                          const ConnectionOptions& options);

/// What an exception of SQLiteCpp means to us: disk_full, corrupt,
/// storage_failed (the disk, or another process that does not let go), or
/// internal (we asked for something that cannot be). `db` may be null.
Error error_of(const SQLite::Exception& exception, sqlite3* db, const std::string& what);

/// Copy all of the WAL into the database and make the WAL empty, also on the
/// disk, waiting up to the connection's busy time for readers. storage_failed
/// when one stays.
Status truncate_wal(SQLite::Database& db);

/// fsync the database and its WAL as they stand, without writing anything.
Status sync_files(SQLite::Database& db);

template <typename T>
struct AsResult {
  using type = Result<T>;
};
template <typename T>
struct AsResult<Result<T>> {
  using type = Result<T>;
};

/// Runs `work` (which gives a value, a Result or nothing) and turns what it throws into an Error.
template <typename Work>
auto guarded(SQLite::Database& db, const std::string& what, Work&& work) -> typename AsResult<decltype(work())>::type {
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const SQLite::Exception& e) {
    return fail(error_of(e, db.getHandle(), what));
  }
}

}  // namespace iro::log

// hub/log/sqlite/page_vfs.hpp: a checksum on every page of a database file.
//
// A shim over another SQLite VFS. It changes one thing: a whole page that goes
// into a main database file gets its SipHash, keyed with the page's number, into
// its last 8 bytes, and a whole page that is read must have it
// (docs/log-format.md, "Pages"; BLAKE2b took 2.5 times as long). WAL, journal and temporary files pass
// untouched: the WAL has checksums of its own. Why at all: the state tables
// have no other guard (of 1,000 bit flips in one 288 passed quick_check).
//
// A page that does not fit gives SQLITE_IOERR_DATA, and nothing is written. A
// database without the 8 reserved bytes cannot be used through this VFS.
//
// Before a database or its WAL is opened, its pages are dropped from the
// operating system's cache: after a failed fsync that cache shows what the disk
// never got, and believing it loses acknowledged events (platform.md, SQLite 9).
//
// Any thread, like SQLite itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hub/base/bytes.hpp"
#include "hub/base/error.hpp"

namespace iro::log {

inline constexpr const char* page_vfs_name = "iro";

/// Sent to a file when it was opened. A VFS that keeps a cache of its own (the
/// simulated disk) drops it; any other answers SQLITE_NOTFOUND and the shim
/// asks the operating system. The number only has to be one that SQLite lacks.
inline constexpr int drop_cache_file_control = 0x49524F01;

/// Make the VFS `name` known to SQLite, over `base` (empty: the default one).
/// Doing it again with the same arguments changes nothing. Registered VFSes
/// stay for the life of the process, as SQLite's own do.
Status register_page_vfs(const std::string& name = page_vfs_name, const std::string& base = {});

/// The checksum of page `number` (from 1), of limits::page_bytes.
std::uint64_t page_checksum(std::uint32_t number, ByteView page);

/// The page that made the last SQLITE_IOERR_DATA in this thread, for the
/// message; reading it clears it.
struct PageMismatch {
  std::string file;
  std::uint32_t page = 0;
};
std::optional<PageMismatch> take_page_mismatch();

}  // namespace iro::log

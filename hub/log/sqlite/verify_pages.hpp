// hub/log/sqlite/verify_pages.hpp: the part of the verifier that looks at a
// database file page by page, below SQL.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <functional>

#include "hub/base/error.hpp"

namespace iro::log {

/// Read `count` pages of `db` from page `first` on (1 is the first) and report those whose checksum does not fit. A
/// page of which the WAL has a newer version is left out: a checkpoint that was cut short may have torn it, and will
/// write it again. Another process may write meanwhile: what looks wrong is read again. Gives how many pages the file
/// has.
Result<std::uint64_t> check_pages(SQLite::Database& db, std::uint32_t first, std::uint32_t count,
                                  const std::function<void(std::uint32_t page)>& damaged);

}  // namespace iro::log

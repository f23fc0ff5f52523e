// hub/log/sqlite/verify_pages.hpp: the part of the verifier that looks at a
// database file page by page, below SQL.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <functional>

#include "hub/base/error.hpp"

namespace iro::log {

/// Read every page of `db` and report those whose checksum does not fit. A page
/// of which the WAL has a newer version is left out: a checkpoint that was cut
/// short may have torn it, and will write it again. Another process may write
/// meanwhile: what looks wrong is read again. Gives the number of pages read.
Result<std::uint64_t> check_pages(SQLite::Database& db, const std::function<void(std::uint32_t page)>& damaged,
                                  const std::function<void(std::uint64_t done, std::uint64_t of)>& progress);

}  // namespace iro::log

// hub/log/sqlite/verify.hpp: is this log what was committed? (`iro verify`)
//
// Reads a whole log.db and writes nothing, also while a hub works on it: then
// what is verified is the log as it was when the end was reached. Reads in
// short transactions, so that the hub's WAL does not grow. One call, any
// thread; memory is bounded by the atoms and sets, not by the events.
//
// What is checked:
//  1. every page of the file has its checksum, and SQLite's own quick_check;
//  2. chunks follow one another: positions without gaps, heads, recorded times;
//  3. every directory has its shape, every event its commitment, and whoever is
//     in an audience is in the chunk's union;
//  4. a body that is missing is explained by a retention row or a tombstone;
//  5. definitions are numbered without gaps, and the tables atom, audience_set
//     and schema hold what the chunks define;
//  6. no state row speaks of a position that the log does not have;
//  7. with a witness: the log is the one that it saw, and holds what it saw.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"
#include "hub/log/sqlite/page_vfs.hpp"
#include "hub/log/witness.hpp"

namespace iro::log {

struct Finding {
  Seq position;       // 0: not about one position
  std::string where;  // "chunk", "body", "table atom", "page 7", ...
  std::string reason;
  [[nodiscard]] std::string text() const;
};

struct VerifyReport {
  std::uint64_t events = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bodies = 0;       // commitments checked with the body
  std::uint64_t bodies_gone = 0;  // explained; their headers are checked
  std::uint64_t pages = 0;
  Hash head{};
  std::uint64_t findings_total = 0;
  std::vector<Finding> findings;  // the first 20
  [[nodiscard]] bool sound() const { return findings_total == 0; }
};

/// `of` is 0 where the total is not known.
using VerifyProgress = std::function<void(std::string_view step, std::uint64_t done, std::uint64_t of)>;

struct VerifyOptions {
  std::string file_name = "log.db";
  std::string vfs = page_vfs_name;
  std::optional<Testimony> witness = std::nullopt;  // what the log must hold: a chain alone can be forged as a whole
  std::filesystem::path keys_folder = {};           // whose keys.db explains what is missing; empty: the log's own
};

/// A damaged log is a report with findings; an Error only when there is nothing
/// to read: not_found, format_newer, or corrupt when not even the first page is
/// to be trusted.
Result<VerifyReport> verify(const std::filesystem::path& folder, const VerifyProgress& progress = {},
                            const VerifyOptions& options = {});

}  // namespace iro::log

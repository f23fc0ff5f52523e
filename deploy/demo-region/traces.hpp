// deploy/demo-region/traces.hpp: what the files adapter left behind besides events.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "deploy/demo-region/region.hpp"

namespace iro::demo {

/// The rows in the reject files of a member's folder. Fails with Errc::io.
Result<std::size_t> count_rejects(const std::filesystem::path& member);

/// Fields that a spreadsheet would run (= or @ in front), and those that an apostrophe keeps from it, in the inbox and
/// the reject files of a member. Fails with Errc::io, or as CsvReader does.
struct Formulas {
  std::size_t alive = 0;
  std::size_t harmless = 0;
};
Result<Formulas> find_formulas(const std::filesystem::path& member);

/// Every personal number that stands in a school's DUO files, searched for as digits in the raw bytes of everything but
/// the members' own files: the hub's folder, inboxes, reject files, private folders. One sentence a file that holds
/// any, without the number.
Result<std::vector<std::string>> find_personal_numbers(const std::filesystem::path& root, const Region& region);

}  // namespace iro::demo

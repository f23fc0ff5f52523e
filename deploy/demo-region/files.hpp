// deploy/demo-region/files.hpp: a school year as the files that its members
// would really have, and what must come of them.
//
// Layout: OUT/members/SLUG/{outbox,inbox,mappings,private}. Each member saves in its own
// way (encoding, separator, line ends, spelling of dates). Every fortieth row is
// followed by one that is wrong on purpose; Expected counts both, independently
// of the program that will read them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "deploy/demo-region/year.hpp"

namespace iro::demo {

using Counts = std::map<std::string, std::size_t>;

/// One row to follow from the file to the inboxes: the event is the one of `type` whose data has these values.
struct Followed {
  std::string type;
  std::string member;
  std::string file;  // relative to OUT
  std::size_t line = 0;
  std::map<std::string, std::string> data;
};

struct Expected {
  std::string size;
  std::uint64_t seed = 0;
  Counts events;                            // by short type
  std::map<std::string, Counts> by_member;  // the same, by the slug of the sender
  Counts bad_rows;                          // by slug
  std::size_t formulas = 0;                 // texts that a spreadsheet would run
  std::size_t deliveries = 0;               // lines in all inboxes together
  std::vector<Followed> follow;
};

/// Fails with Errc::io. `project` is the project's folder: each member gets the demo's mapping for memberships, and one
/// whose files need an encoding named gets a copy of the adapter's own mapping that names it.
Result<Expected> write_members(const Region& region, const Year& year, const std::filesystem::path& out,
                               const std::filesystem::path& project);

/// expected.json, which holds no student's number. Save fails with Errc::io, load also with Errc::config_invalid.
Status save_expected(const Expected& expected, const std::filesystem::path& path);
Result<Expected> load_expected(const std::filesystem::path& path);

}  // namespace iro::demo

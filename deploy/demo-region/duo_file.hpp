// deploy/demo-region/duo_file.hpp: a registration file as an mbo school gets it
// from DUO: a line a record (VLP PER ISG ISP BPV SLR), the student's personal
// number in the second field. The adapter must not let that number go further.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "deploy/demo-region/year.hpp"

namespace iro::demo {

/// The three spellings that occur in the field.
enum class DuoSpelling { dutch = 0, iso_with_bars = 1, compact = 2 };

struct DuoWritten {
  std::map<std::string, std::size_t> events;  // by short type
  std::size_t bad_records = 0;
};

/// Writes RO_<BRIN>_20260801_20270731.csv into `folder`. Fails with Errc::io.
Result<DuoWritten> write_duo_file(const Region& region, const Year& year, std::size_t school, DuoSpelling spelling,
                                  const std::filesystem::path& folder);

}  // namespace iro::demo

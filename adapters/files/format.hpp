// adapters/files/format.hpp: which format a file has, by what stands in it.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "adapters/files/mapping.hpp"
#include "adapters/files/programmes.hpp"
#include "adapters/files/record.hpp"

namespace iro::files {

/// All that reading needs to know; outlives every reader. `member` is the slug of whose file it is.
struct Formats {
  std::vector<Mapping> mappings;
  ProgrammeList programmes;
};

struct OpenedFile {
  std::unique_ptr<RecordReader> reader;
  std::string format;               // "duo-bpv", or the mapping's
  std::string mapping_hash;         // "" for DUO
  std::vector<std::string> unused;  // headers that mean nothing to the mapping
};

/// A DUO file by its first record; else the mapping that has all its required
/// columns in the header, and the most columns. Fails with csv_column, naming
/// the nearest mapping and what it misses; with csv_encoding or io.
Result<OpenedFile> open_file(const std::filesystem::path& path, const Formats& formats, const std::string& member);

}  // namespace iro::files

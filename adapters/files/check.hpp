// adapters/files/check.hpp: what would become of files, without a hub and
// without writing anything.
//
// The files go through the same readers and the same taker as for real, onto an
// outbox in memory. What earlier files brought is therefore not known here: an
// unchanged row counts as new. One thread; the report is a value.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/files/format.hpp"
#include "adapters/files/record_taker.hpp"
#include "hub/schema/registry.hpp"

namespace iro::files {

struct FileReport {
  std::string path;
  std::optional<Error> error;  // the whole file cannot be used; the counts go as far as it could be read
  std::string format;
  std::string encoding;
  bool byte_order_mark = false;
  char separator = 0;
  std::vector<std::string> unused_columns;
  Counts counts;
  std::vector<Reject> rejects;  // the first 1,000
};

struct Report {
  std::vector<FileReport> files;
  Counts total;
  std::uint64_t failed_files = 0;

  /// For people: a block a file, then the sum.
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] std::string to_json() const;
  /// Whether every file and every record can be used.
  [[nodiscard]] bool good() const { return failed_files == 0 && total.rejected == 0; }
};

Report check_files(std::span<const std::filesystem::path> paths, const Formats& formats,
                   const schema::Registry& registry);

}  // namespace iro::files

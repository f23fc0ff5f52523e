#include "adapters/files/format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "adapters/files/duo.hpp"
#include "adapters/files/mapping_reader.hpp"

namespace iro::files {
namespace {

Result<std::string> read_front(const std::filesystem::path& path) {
  auto source = FileSource::open(path);
  if (!source) return fail(source.error());
  std::array<std::uint8_t, 64> front{};
  const auto got = (*source)->read(front);
  if (!got) return fail(got.error());
  return std::string(as_text(ByteView(front.data(), *got)));
}

/// The header as the mapping's encoding and separator give it; an error when it cannot be read.
Result<HeaderMatch> try_mapping(const std::filesystem::path& path, const Mapping& mapping) {
  auto source = FileSource::open(path);
  if (!source) return fail(source.error());
  auto csv = CsvReader::open(std::move(*source), {mapping.encoding, mapping.separator});
  if (!csv) return fail(csv.error());
  const auto item = csv->next();
  if (!item) return fail(item.error());
  if (*item == CsvReader::Item::end) return fail(Errc::csv_column, "the file is empty: there is no header line");
  if (*item == CsvReader::Item::problem) return fail(csv->problem().code, "header line: " + csv->problem().message);
  return match_header(mapping, {csv->fields().begin(), csv->fields().end()});
}

struct Best {
  const Mapping* mapping = nullptr;
  HeaderMatch match;
  /// More required columns found, then more columns.
  [[nodiscard]] bool beaten_by(const HeaderMatch& other) const {
    if (mapping == nullptr) return true;
    if (match.missing.empty() != other.missing.empty()) return other.missing.empty();
    return other.matched > match.matched;
  }
};

}  // namespace

Result<OpenedFile> open_file(const std::filesystem::path& path, const Formats& formats, const std::string& member) {
  const auto front = read_front(path);
  if (!front) return fail(front.error());
  OpenedFile opened;
  if (front->starts_with("PK\x03\x04"))
    return fail(Errc::csv_encoding, "this is a workbook (xlsx, ods) or a zip file: save it as CSV");
  if (looks_like_duo(*front)) {
    auto source = FileSource::open(path);
    if (!source) return fail(source.error());
    auto reader = DuoReader::open(std::move(*source), formats.programmes, member);
    if (!reader) return fail(reader.error());
    opened.reader = std::move(*reader);
    opened.format = opened.reader->format();
    return opened;
  }
  Best best;
  Error error{Errc::csv_column, "there is no mapping"};
  for (const Mapping& mapping : formats.mappings) {
    auto match = try_mapping(path, mapping);
    if (!match) {
      error = match.error();
    } else if (best.beaten_by(*match)) {
      best = {&mapping, std::move(*match)};
    }
  }
  if (best.mapping == nullptr) return fail(error);
  if (best.match.matched == 0) return fail(Errc::csv_column, "no mapping knows any column of the header line");
  if (!best.match.missing.empty()) {
    return fail(Errc::csv_column, fmt::format("no mapping fits the header line; nearest is '{}', which misses: {}",
                                              best.mapping->format, fmt::join(best.match.missing, ", ")));
  }
  auto source = FileSource::open(path);
  if (!source) return fail(source.error());
  auto reader = MappingReader::open(std::move(*source), *best.mapping, formats.programmes, member);
  if (!reader) return fail(reader.error());
  opened.reader = std::move(*reader);
  opened.format = best.mapping->format;
  opened.mapping_hash = best.mapping->hash;
  opened.unused = std::move(best.match.unused);
  return opened;
}

}  // namespace iro::files

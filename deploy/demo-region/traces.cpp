#include "deploy/demo-region/traces.hpp"

#include <fmt/format.h>
#include <set>

#include <fstream>
#include <set>
#include <sstream>
#include <unordered_set>

#include "adapters/files/byte_source.hpp"
#include "adapters/files/csv_reader.hpp"

namespace iro::demo {
namespace {

namespace fs = std::filesystem;
using Numbers = std::unordered_set<std::string>;

constexpr std::size_t digits = 9;  // of a BSN

bool is_rejects(const fs::path& path) { return path.filename().string().ends_with(".rejects.csv"); }
bool is_duo_file(const fs::path& path) { return path.filename().string().starts_with("RO_") && !is_rejects(path); }

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;  // a file that goes away while we look is no finding
  for (auto at = fs::recursive_directory_iterator(folder, error); at != fs::recursive_directory_iterator();
       at.increment(error)) {
    if (error) break;
    if (at->is_regular_file(error)) out.push_back(at->path());
  }
  return out;
}

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// Calls `see` with each run of exactly nine digits.
template <typename See>
void nine_digit_runs(std::string_view bytes, const See& see) {
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t end = at;
    while (end < bytes.size() && bytes[end] >= '0' && bytes[end] <= '9') ++end;
    if (end - at == digits) see(bytes.substr(at, digits));
    at = end + 1;
  }
}

using Fields = std::vector<std::string_view>;

/// Calls `see` with each row of a CSV file, the header too.
template <typename See>
Status each_row(const fs::path& file, const See& see) {
  auto source = files::FileSource::open(file);
  if (!source) return fail(source.error());
  auto csv = files::CsvReader::open(std::move(*source));
  if (!csv) return fail(csv.error().within(file.string()));
  for (;;) {
    const auto item = csv->next();
    if (!item) return fail(item.error().within(file.string()));
    if (*item == files::CsvReader::Item::end) return {};
    if (*item == files::CsvReader::Item::problem) return fail(Errc::csv_quotes, file.string());
    see(csv->fields());
  }
}

/// The second field of the PER records.
void collect(const fs::path& duo_file, Numbers& numbers) {
  std::istringstream lines(contents(duo_file));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("PER"))
      nine_digit_runs(line.substr(0, 4 + digits), [&](std::string_view n) { numbers.emplace(n); });
  }
}

}  // namespace

Result<std::vector<std::string>> find_personal_numbers(const fs::path& root, const Region& region) {
  Numbers numbers;
  for (const Member& member : region.members) {
    if (member.role != Role::school) continue;
    for (const fs::path& file : files_below(root / "members" / member.slug)) {
      if (is_duo_file(file)) collect(file, numbers);
    }
  }
  if (numbers.empty())
    return fail(Errc::not_found, "no personal numbers in the schools' DUO files: nothing was searched for");
  std::vector<std::string> found;
  for (const fs::path& file : files_below(root)) {
    // What lies in an outbox is the member's own file; what was made of it is everywhere else, and in the reject files.
    const bool own_file = file.string().find("/outbox/") != std::string::npos && !is_rejects(file);
    if (own_file) continue;
    std::size_t hits = 0;
    nine_digit_runs(contents(file), [&](std::string_view n) { hits += numbers.contains(std::string(n)) ? 1 : 0; });
    if (hits > 0)
      found.push_back(fmt::format("{} personal numbers stand in {}", hits, fs::relative(file, root).string()));
  }
  return found;
}

Result<std::size_t> count_rejects(const fs::path& member) {
  std::size_t rows = 0;
  for (const fs::path& file : files_below(member / "outbox" / "rejected")) {
    if (!is_rejects(file)) continue;
    // A row can be wrong in several columns: each is told, under the same line number.
    std::set<std::string> lines;
    IRO_TRY(each_row(file, [&](const Fields& fields) { lines.emplace(fields.front()); }), "rejects");
    if (!lines.empty()) rows += lines.size() - 1;  // the header
  }
  return rows;
}

Result<Formulas> find_formulas(const fs::path& member) {
  Formulas found;
  for (const fs::path& folder : {member / "inbox", member / "outbox" / "rejected"}) {
    for (const fs::path& file : files_below(folder)) {
      if (file.extension() != ".csv" || (folder.filename() == "rejected" && !is_rejects(file))) continue;
      IRO_TRY(each_row(file,
                       [&](const Fields& fields) {
                         for (const std::string_view field : fields) {
                           found.alive += field.starts_with('=') || field.starts_with('@') ? 1 : 0;
                           found.harmless += field.starts_with("'=") || field.starts_with("'@") ? 1 : 0;
                         }
                       }),
              "formulas");
    }
  }
  return found;
}

}  // namespace iro::demo

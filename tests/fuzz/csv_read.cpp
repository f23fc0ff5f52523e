// Fuzz: any bytes are read to their end as CSV or refused, the same however they
// come in blocks; what was read is what the writer writes and the reader reads again.
#include <cstdlib>

#include "adapters/files/csv_reader.hpp"
#include "adapters/files/csv_writer.hpp"

namespace {

using namespace iro;
using namespace iro::files;
using Rows = std::vector<std::vector<std::string>>;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Seen {
  Rows rows;
  std::size_t problems = 0;
  bool refused = false;
};

Seen read(std::string text, CsvOptions options, std::size_t block) {
  Seen seen;
  auto reader = CsvReader::open(std::make_unique<MemorySource>(std::move(text), block), options);
  while (reader) {
    const auto item = reader->next();
    if (!item) break;
    if (*item == CsvReader::Item::end) return seen;
    if (*item == CsvReader::Item::problem) {
      ++seen.problems;
      require(reader->problem().at.line >= 1 && reader->problem().at.column >= 1);
      continue;
    }
    seen.rows.emplace_back(reader->fields().begin(), reader->fields().end());
    for (std::size_t n = 0; n <= reader->fields().size(); ++n) require(reader->position(n).line >= 1);
  }
  seen.refused = true;
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  CsvOptions options;
  if ((data[0] & 8) != 0) options.encoding = static_cast<Encoding>(data[0] % 5);
  const std::size_t block = data[0] % 7 + 1U;
  const std::string text(as_text({data + 1, size - 1}));
  const Seen whole = read(text, options, text.size() + 1);
  const Seen pieces = read(text, options, block);
  require(whole.refused == pieces.refused);
  if (whole.refused) return 0;  // how far it came depends on the block that holds the mistake
  require(whole.rows == pieces.rows && whole.problems == pieces.problems);

  std::string written;
  Rows expected = whole.rows;
  CsvRow row;
  for (auto& fields : expected) {
    for (std::string& field : fields) {
      row.text(field);
      field = without_formula(field);
      if (field.size() > 60'000) return 0;  // the apostrophe could take it over the limit
    }
    written += row.take();
  }
  const Seen again = read(written, {Encoding::utf8, ';'}, written.size() + 1);
  // A field may itself begin with a byte-order mark, which the front of a file hides.
  if (!written.starts_with("\xEF\xBB\xBF")) require(!again.refused && again.rows == expected);
  return 0;
}

#include <rapidcheck.h>

#include "adapters/files/csv_reader.hpp"
#include "adapters/files/csv_writer.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::files;

namespace {

/// Texts of the characters that matter to CSV.
rc::Gen<std::string> any_text() {
  const auto piece =
      rc::gen::element<std::string>("a", "b", " ", "\"", ";", ",", "|", "\t", "\r", "\n", "\r\n", "=", "+", "-", "@",
                                    "'", "1", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80");
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(piece), [](const std::vector<std::string>& pieces) {
    std::string out;
    for (const std::string& p : pieces) out += p;
    return out;
  });
}

std::vector<std::vector<std::string>> read_back(const std::string& text, char separator, std::size_t block) {
  std::vector<std::vector<std::string>> rows;
  auto reader = CsvReader::open(std::make_unique<MemorySource>(text, block), {Encoding::utf8, separator});
  while (reader && reader->next().value() == CsvReader::Item::row)
    rows.emplace_back(reader->fields().begin(), reader->fields().end());
  return rows;
}

}  // namespace

TEST_CASE("csv: what the writer wrote is what the reader reads, but for the apostrophe before a formula") {
  // rapidcheck prints the seed and the smallest example of a failure.
  CHECK(rc::check("write, read", [] {
    const char separator = *rc::gen::element(';', ',', '|', '\t');
    const auto rows = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::vector<std::string>>>(
        rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(any_text()))));
    const std::size_t block = *rc::gen::inRange<std::size_t>(1, 40);
    std::string text;
    std::vector<std::vector<std::string>> expected = rows;
    CsvRow row(separator);
    for (auto& fields : expected) {
      for (std::string& field : fields) {
        row.text(field);
        field = without_formula(field);
      }
      text += row.take();
    }
    RC_ASSERT(read_back(text, separator, block) == expected);
  }));
}

TEST_CASE("csv: arbitrary bytes are read to their end or refused, the same in blocks of any size") {
  CHECK(rc::check("any bytes", [] {
    const std::string text = *any_text() + *rc::gen::arbitrary<std::string>() + *any_text();
    const auto run = [&](std::size_t block) {
      std::string seen;
      auto reader = CsvReader::open(std::make_unique<MemorySource>(text, block), {});
      while (reader) {
        const auto item = reader->next();
        if (!item || *item == CsvReader::Item::end) {
          seen += item ? "end" : "refused";
          break;
        }
        seen += *item == CsvReader::Item::row ? "row:" : "problem:";
        if (*item == CsvReader::Item::row) {
          for (const auto field : reader->fields()) (seen += field) += '\x1E';
        }
      }
      return seen;
    };
    RC_ASSERT(run(1) == run(64U << 10) || run(1).ends_with("refused") || run(1).empty());
  }));
}

TEST_CASE("csv writer: a text that a spreadsheet would take for a formula gets an apostrophe") {
  for (const std::string text : {"=1+1", "+31 6", "-2", "@SUM(A1)", "\tx", "\rx", "\nx",
                                 "\xEF\xBC\x9D"
                                 "1"}) {
    CHECK(without_formula(text) == "'" + text);
    const std::string written = CsvRow().text(text).text("b").take();
    CHECK((written.starts_with("'") || written.starts_with("\"'")));
  }
  CHECK(without_formula("a=1") == "a=1");
  CHECK(without_formula("") == "");
}

TEST_CASE("csv writer: a number keeps its sign, but only if it is one") {
  CHECK(CsvRow().number("-5").number("1.5e-3").number("+5").number("-5+cmd()").take() == "-5;1.5e-3;'+5;'-5+cmd()\r\n");
}

TEST_CASE("csv writer: a formula cannot hide behind another program's separator") {
  CHECK(CsvRow().text("x,=1+1").take() == "\"x,=1+1\"\r\n");
}

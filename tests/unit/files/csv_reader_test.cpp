#include "adapters/files/csv_reader.hpp"

#include "hub/base/limits.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::files;

namespace {

struct Seen {
  std::vector<std::vector<std::string>> rows;
  std::vector<CsvProblem> problems;
  std::optional<Error> error;
  std::optional<Encoding> encoding;
  char separator = 0;
};

/// Everything that a reader makes of `text`, given in blocks of `block` bytes.
Seen read_all(std::string text, CsvOptions options = {}, std::size_t block = 64U << 10) {
  Seen seen;
  auto reader = CsvReader::open(std::make_unique<MemorySource>(std::move(text), block), options);
  if (!reader) {
    seen.error = reader.error();
    return seen;
  }
  seen.encoding = reader->encoding();
  seen.separator = reader->separator();
  for (;;) {
    const auto item = reader->next();
    if (!item) {
      seen.error = item.error();
      return seen;
    }
    if (*item == CsvReader::Item::end) return seen;
    if (*item == CsvReader::Item::problem) seen.problems.push_back(reader->problem());
    if (*item == CsvReader::Item::row) seen.rows.emplace_back(reader->fields().begin(), reader->fields().end());
  }
}

using Rows = std::vector<std::vector<std::string>>;

std::string utf16(std::u16string_view text, bool little) {
  std::string out = little ? "\xFF\xFE" : "\xFE\xFF";
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    out += little ? std::string{low, high} : std::string{high, low};
  }
  return out;
}

}  // namespace

TEST_CASE("csv: the separator is the one that the header line has most of") {
  const std::vector<std::string> row{"a", "b", "c"};
  for (const char separator : {';', ',', '|', '\t'}) {
    const std::string s(1, separator);
    const Seen seen = read_all("a" + s + "b" + s + "c\n1" + s + "2" + s + "3\n");
    CHECK(seen.separator == separator);
    REQUIRE(seen.rows == Rows{{"a", "b", "c"}, {"1", "2", "3"}});
  }
}

TEST_CASE("csv: separators within quotes do not count for the detection") {
  const Seen seen = read_all("\"a,b,c,d\";e;f\r\n1;2;3\r\n");
  CHECK(seen.separator == ';');
  CHECK(seen.rows == Rows{{"a,b,c,d", "e", "f"}, {"1", "2", "3"}});
}

TEST_CASE("csv: Excel's first line sep=; names the separator and is no row") {
  const Seen seen = read_all("sep=|\r\na|b\r\n1,5|2\r\n");
  CHECK(seen.rows == Rows{{"a", "b"}, {"1,5", "2"}});
}

TEST_CASE("csv: line ends may be CRLF, LF or CR, and the last may be missing") {
  for (const std::string end : {"\r\n", "\n", "\r"}) {
    CHECK(read_all("a;b" + end + "1;2" + end).rows == Rows{{"a", "b"}, {"1", "2"}});
    CHECK(read_all("a;b" + end + "1;2").rows == Rows{{"a", "b"}, {"1", "2"}});
    CHECK(read_all("a;b" + end + end + "1;" + end).rows == Rows{{"a", "b"}, {"1", ""}});
  }
}

TEST_CASE("csv: quotes hold separators, line breaks and doubled quotes") {
  const Seen seen = read_all("name;note\r\n\"Jansen; P.\";\"zegt \"\"ja\"\"\r\nop dinsdag\"\r\n5\" buis;\"\"\r\n");
  CHECK(seen.rows == Rows{{"name", "note"}, {"Jansen; P.", "zegt \"ja\"\r\nop dinsdag"}, {"5\" buis", ""}});
  CHECK(seen.problems.empty());
}

TEST_CASE("csv: a block may end anywhere") {
  const std::string text = "\xEF\xBB\xBFnaam;caf\xC3\xA9\r\n\"a;\"\"b\"\"\r\nc\";\xF0\x9F\x98\x80\r\n\r\n1;2";
  const Rows expected{{"naam", "caf\xC3\xA9"}, {"a;\"b\"\r\nc", "\xF0\x9F\x98\x80"}, {"1", "2"}};
  for (std::size_t block = 1; block <= text.size(); ++block) {
    INFO("blocks of " << block);
    CHECK(read_all(text, {}, block).rows == expected);
  }
}

TEST_CASE("csv: a byte-order mark is no part of the first header") {
  const Seen seen = read_all(
      "\xEF\xBB\xBF"
      "a;b\n1;2\n");
  REQUIRE(seen.rows.size() == 2);
  CHECK(seen.rows[0][0] == "a");
}

TEST_CASE("csv: UTF-16 with a byte-order mark is read, in both orders") {
  for (const bool little : {true, false}) {
    const Seen seen = read_all(utf16(u"naam;plaats\r\nCoördinator;\xD83D\xDE00\r\n", little), {}, 3);
    CHECK(seen.rows == Rows{{"naam", "plaats"}, {"Co\xC3\xB6rdinator", "\xF0\x9F\x98\x80"}});
  }
}

TEST_CASE("csv: half a surrogate pair and a cut character are refused") {
  CHECK(read_all(utf16(u"a;b\r\n\xD83D;1\r\n", true)).error->code == Errc::csv_encoding);
  CHECK(read_all(utf16(u"a;b\r\n1;2", true) + "x").error->code == Errc::csv_encoding);
  CHECK(read_all("a;b\n1;\xC3").error->code == Errc::csv_encoding);
}

TEST_CASE("csv: Windows-1252 and ISO-8859-1 are read when the mapping names them") {
  const Seen windows = read_all("a;b\nco\xF6rdinator;\x80 5\n", {.encoding = Encoding::windows_1252, .separator = 0});
  CHECK(windows.rows[1] == std::vector<std::string>{"co\xC3\xB6rdinator", "\xE2\x82\xAC 5"});
  const Seen latin = read_all("a;b\nco\xF6rdinator;5\n", {.encoding = Encoding::iso_8859_1, .separator = 0});
  CHECK(latin.rows[1][0] == "co\xC3\xB6rdinator");
}

TEST_CASE("csv: bytes that the named encoding leaves undefined are refused") {
  CHECK(read_all("a;b\n\x81;5\n", {.encoding = Encoding::windows_1252, .separator = 0}).error->code ==
        Errc::csv_encoding);
  CHECK(read_all("a;b\n\x80;5\n", {.encoding = Encoding::iso_8859_1, .separator = 0}).error->code ==
        Errc::csv_encoding);
}

TEST_CASE("csv: a text that is not UTF-8 is refused with its line and what to do") {
  const Seen seen = read_all("a;b\n1;2\nco\xF6rdinator;5\n");
  REQUIRE(seen.error);
  CHECK(seen.error->code == Errc::csv_encoding);
  CHECK_THAT(seen.error->message,
             ContainsSubstring("line 3") && ContainsSubstring("F6") && ContainsSubstring("windows-1252"));
  for (const std::string bad : {"\xC0\xA0", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE0\x80\x80", "\xF8"}) {
    CHECK(read_all("a;b\n" + bad + ";1\n").error->code == Errc::csv_encoding);
  }
}

TEST_CASE("csv: a NUL is refused in every encoding") {
  const std::string text("a;b\n1\0;2\n", 9);
  for (const Encoding encoding : {Encoding::utf8, Encoding::windows_1252, Encoding::iso_8859_1}) {
    CHECK(read_all(text, {.encoding = encoding, .separator = 0}).error->code == Errc::csv_encoding);
  }
  const Seen unmarked = read_all(utf16(u"a;b\r\n1;2\r\n", true).substr(2));
  REQUIRE(unmarked.error);
  CHECK_THAT(unmarked.error->message, ContainsSubstring("UTF-16"));
}

TEST_CASE("csv: a quote that does not end costs its own line only") {
  const Seen seen = read_all("a;b\n1;\"open\n2;x\n3;y\n");
  CHECK(seen.rows == Rows{{"a", "b"}, {"2", "x"}, {"3", "y"}});
  REQUIRE(seen.problems.size() == 1);
  CHECK(seen.problems[0].code == Errc::csv_quotes);
  CHECK(seen.problems[0].at.line == 2);
  CHECK(seen.problems[0].at.column == 3);
  CHECK(seen.problems[0].original == "1;\"open");
}

TEST_CASE("csv: text behind a closing quote is refused, the rows around it are not") {
  const Seen seen = read_all("a;b\n\"x\"y;1\n2;3\n");
  CHECK(seen.rows == Rows{{"a", "b"}, {"2", "3"}});
  REQUIRE(seen.problems.size() == 1);
  CHECK(seen.problems[0].code == Errc::csv_quotes);
  CHECK(seen.problems[0].at.line == 2);
}

TEST_CASE("csv: a field of more than 64 KiB and a row of more than 1 MiB are refused, the rows around them are not") {
  const std::string large(limits::csv_field_bytes + 1, 'x');
  std::string wide;
  while (wide.size() <= limits::csv_row_bytes) wide += std::string(1000, 'y') + ";";
  for (const std::size_t block : {std::size_t{1000}, std::size_t{64U << 10}}) {
    const Seen seen = read_all("a;b\n" + large + ";1\n2;3\n" + wide + "\n4;5\n\"" + large + "\";1\n6;7\n", {}, block);
    CHECK(seen.rows == Rows{{"a", "b"}, {"2", "3"}, {"4", "5"}, {"6", "7"}});
    REQUIRE(seen.problems.size() == 3);
    CHECK(seen.problems[0].code == Errc::csv_oversize);
    CHECK(seen.problems[0].at.line == 2);
    CHECK(seen.problems[1].code == Errc::csv_oversize);
    CHECK(seen.problems[1].at.line == 4);
    CHECK(seen.problems[2].at.line == 6);
    CHECK(seen.problems[0].original.size() <= 203);
  }
}

TEST_CASE("csv: a field of exactly 64 KiB is read") {
  const std::string large(limits::csv_field_bytes, 'x');
  CHECK(read_all("a;b\n" + large + ";1\n").rows[1][0] == large);
  CHECK(read_all("a;b\n\"" + large + "\";1\n").rows[1][0] == large);
}

TEST_CASE("csv: every field has its line and its column, in characters") {
  auto reader = CsvReader::open(std::make_unique<MemorySource>("a;b;c\r\n\xC3\xA9\xC3\xA9;\"x\r\nyy\";z\r\n1;2;3\r\n"));
  REQUIRE(reader);
  REQUIRE(reader->next().value() == CsvReader::Item::row);
  REQUIRE(reader->next().value() == CsvReader::Item::row);
  CHECK(reader->position(0).line == 2);
  CHECK(reader->position(1).column == 4);
  CHECK(reader->position(2).line == 3);
  CHECK(reader->position(2).column == 5);
  REQUIRE(reader->next().value() == CsvReader::Item::row);
  CHECK(reader->position(0).line == 4);
  CHECK(reader->position(3).column == 6);
}

TEST_CASE("csv: an empty file has no rows, nor one of empty lines") {
  CHECK(read_all("").rows.empty());
  CHECK(read_all("\r\n\r\n\n").rows.empty());
  CHECK(read_all("\xEF\xBB\xBF").rows.empty());
  CHECK(read_all("\"\"\n").rows == Rows{{""}});
}

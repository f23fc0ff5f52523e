// The permanent codes: unique, complete, and found by name or number.
#include "hub/base/error.hpp"

#include <set>

#include "tests/catch.hpp"

using namespace iro;

TEST_CASE("base: codes and names are unique and in numerical order") {
  std::set<std::uint16_t> numbers;
  std::set<std::string_view> names;
  std::uint16_t last = 0;
  for (const ErrcInfo& i : all_codes()) {
    const auto number = static_cast<std::uint16_t>(i.code);
    INFO(i.name);
    CHECK(numbers.insert(number).second);
    CHECK(names.insert(i.name).second);
    CHECK(number >= last);
    last = number;
  }
}

TEST_CASE("base: every code says what it means in two languages, and what to do") {
  for (const ErrcInfo& i : all_codes()) {
    INFO(i.name);
    CHECK((!i.en.empty() && !i.nl.empty()));
    CHECK((!i.next.empty() || i.code == Errc::ok));
  }
}

TEST_CASE("base: a code is found by name and by number, and an unknown one from the wire is a bug's") {
  CHECK(find_code("missing_grant") == Errc::missing_grant);
  CHECK(find_code("202") == Errc::missing_grant);
  CHECK_FALSE(find_code("2020").has_value());
  CHECK_FALSE(find_code("no_such_code").has_value());
  CHECK_FALSE(find_code("").has_value());
  CHECK(code_from_wire(202) == Errc::missing_grant);
  CHECK(code_from_wire(9'999) == Errc::internal);
}

namespace {

Status read_page() { return fail(Errc::corrupt, "checksum mismatch"); }
Status open_log() {
  IRO_TRY(read_page(), "read page 7");
  return {};
}

}  // namespace

TEST_CASE("base: an error gains context on the way up and keeps its code") {
  const Status opened = open_log();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == Errc::corrupt);
  CHECK(opened.error().within("open log").message == "open log: read page 7: checksum mismatch");
  CHECK(opened.error().text() == "corrupt (501): read page 7: checksum mismatch");
}

#include "hub/delivery/filter.hpp"
#include "tests/catch.hpp"

using iro::Errc;
using iro::delivery::Filter;
using iro::delivery::FilterAttributes;

namespace {

const FilterAttributes event{
    "nl.placements.vacancy.opened.v1", "urn:nld:oin:00000099000000000001:systeem:sis", "vac-12", "none", "", ""};

bool matches(const char* json) {
  const auto filter = Filter::parse(json);
  INFO(json);
  REQUIRE(filter.has_value());
  return filter->matches(event);
}

}  // namespace

TEST_CASE("filter: every dialect says yes and no") {
  CHECK(matches(""));
  CHECK(matches("[]"));
  CHECK(matches(R"({"exact": {"subject": "vac-12"}})"));
  CHECK_FALSE(matches(R"({"exact": {"subject": "vac-1"}})"));
  CHECK(matches(R"({"prefix": {"type": "nl.placements.vacancy."}})"));
  CHECK_FALSE(matches(R"({"prefix": {"type": "nl.placements.student."}})"));
  CHECK(matches(R"({"suffix": {"source": ":sis"}})"));
  CHECK_FALSE(matches(R"({"not": {"suffix": {"source": ":sis"}}})"));
  CHECK(matches(R"({"any": [{"exact": {"subject": "x"}}, {"prefix": {"subject": "vac"}}]})"));
  CHECK_FALSE(matches(R"({"all": [{"exact": {"subject": "x"}}, {"prefix": {"subject": "vac"}}]})"));
  CHECK(matches(R"([{"prefix": {"subject": "vac"}}, {"suffix": {"subject": "12"}}])"));
  CHECK_FALSE(matches(R"({"exact": {"subject": "vac-12", "datacategory": "personal"}})"));
}

TEST_CASE("filter: an attribute that the event lacks never matches, so its negation does") {
  CHECK_FALSE(matches(R"({"prefix": {"correlationid": "0"}})"));
  CHECK(matches(R"({"not": {"prefix": {"correlationid": "0"}}})"));
}

TEST_CASE("filter: what is no filter is refused with what to use instead") {
  for (const char* bad : {"{", "1", "{}", R"({"sql": "true"})", R"({"exact": {}})", R"({"exact": {"subject": ""}})",
                          R"({"exact": {"student": "x"}})", R"({"all": []})", R"({"exact": {"subject": 1}})",
                          R"({"exact": {"subject": "a"}, "not": {}})"}) {
    INFO(bad);
    const auto filter = Filter::parse(bad);
    REQUIRE_FALSE(filter.has_value());
    CHECK(filter.error().code == Errc::filter_invalid);
  }
}

TEST_CASE("filter: depth and size are bounded") {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += R"({"not": )";
  deep += R"({"exact": {"subject": "x"}})" + std::string(40, '}');
  CHECK_FALSE(Filter::parse(deep).has_value());
  std::string wide = R"({"any": [)";
  for (int i = 0; i < 300; ++i) wide += (i > 0 ? "," : "") + std::string(R"({"exact": {"subject": "x"}})");
  CHECK_FALSE(Filter::parse(wide + "]}").has_value());
}

// Concern: what a rule shows is drawn as its kind says, and what has another form is still shown.
#include "adapters/cli/plugin_view.hpp"

#include <boost/json.hpp>

#include "tests/catch.hpp"

using namespace iro::cli;

namespace {

std::string draw(const std::string& kind, const std::string& data, Lang lang = Lang::en) {
  boost::json::object answer{{"kind", kind}, {"nl", "Wat er is"}, {"en", "What there is"}};
  answer["data"] = boost::json::parse(data);
  return drawn(answer, Texts(lang));
}

}  // namespace

TEST_CASE("plugin views: a table has its columns, and a row that is short has empty cells") {
  const std::string out = draw("table", R"({"columns": ["placement", "left"], "rows": [["pl-1", 3], ["pl-2"]]})");
  CHECK_THAT(out, ContainsSubstring("What there is\n\n"));
  CHECK_THAT(out, ContainsSubstring("pl-1"));
  CHECK_THAT(out, ContainsSubstring("3"));
  CHECK_THAT(out, ContainsSubstring("pl-2"));
  CHECK_THAT(draw("table", R"({"columns": ["a"], "rows": []})", Lang::nl), ContainsSubstring("Wat er is"));
}

TEST_CASE("plugin views: a board counts its cards") {
  CHECK_THAT(
      draw("board", R"({"columns": [{"title": "Open", "cards": [{"title": "pl-1", "text": "wait"}, {"title": "pl-2"}]},
                                           {"title": "Done", "cards": []}]})"),
      ContainsSubstring("Open (2)\n  pl-1: wait\n  pl-2\n\nDone (0)\n"));
}

TEST_CASE("plugin views: a timeline runs from the first day to the last") {
  const std::string out = draw("timeline", R"({"items": [{"title": "a", "from": "2026-09-01", "to": "2026-09-01"},
                                                         {"title": "b", "from": "2026-09-01", "to": "2026-10-01"},
                                                         {"title": "c", "from": "2026-10-01", "to": "2026-10-01"}]})");
  const auto bar = [&](const std::string& row) {
    const std::size_t at = out.find("\n" + row);
    const std::string line = out.substr(at + 1, out.find('\n', at + 1) - at - 1);
    std::size_t n = 0;
    for (std::size_t i = line.find("█"); i != std::string::npos; i = line.find("█", i + 1)) ++n;
    return n;
  };
  CHECK(bar("a") == 1);
  CHECK(bar("b") == 40);
  CHECK(bar("c") == 1);
}

TEST_CASE("plugin views: a chart's longest bar is its largest value") {
  const std::string out = draw("chart", R"({"bars": [{"label": "36", "value": 2}, {"label": "37", "value": 4}]})");
  std::string longest;
  for (int i = 0; i < 40; ++i) longest += "█";
  CHECK_THAT(out, ContainsSubstring(longest));
  CHECK_THAT(out, !ContainsSubstring(longest + "█"));
  CHECK_THAT(draw("chart", R"({"bars": []})"), ContainsSubstring("What there is"));
}

TEST_CASE("plugin views: what has another form than its kind is printed as it came, without control characters") {
  CHECK_THAT(draw("chart", R"({"bars": [{"label": "36", "value": -1}]})"), ContainsSubstring("-1"));
  CHECK_THAT(draw("timeline", R"({"items": [{"title": "a", "from": "soon", "to": "later"}]})"),
             ContainsSubstring("soon"));
  CHECK_THAT(draw("table", R"({"columns": ["a"], "rows": [["\u001b[2J"]]})"), !ContainsSubstring("\x1b"));
}

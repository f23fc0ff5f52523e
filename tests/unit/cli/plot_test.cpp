// Concern: a rule's timeline or chart becomes a picture to scale, and nothing of the rule's words becomes markup.
#include "adapters/cli/plot.hpp"

#include <boost/json.hpp>

#include "tests/catch.hpp"

using namespace iro::cli;

namespace {

iro::Result<std::string> plot(const std::string& kind, const std::string& data) {
  boost::json::object answer{{"kind", kind}, {"nl", "Wat er is"}, {"en", "What <there> is"}};
  answer["data"] = boost::json::parse(data);
  return plotted(answer, Texts(Lang::en));
}

/// The number behind `name="` of the n-th bar.
double of_bar(const std::string& svg, std::size_t n, const std::string& name) {
  std::size_t at = svg.find("<rect x=");
  for (; n > 0; --n) at = svg.find("<rect x=", at + 1);
  REQUIRE(at != std::string::npos);
  at = svg.find(" " + name + "=\"", at) + name.size() + 3;
  return std::stod(svg.substr(at));
}

}  // namespace

TEST_CASE("plot: the bars of a chart are as long as their values") {
  const auto svg = plot("chart", R"({"bars": [{"label": "week 36", "value": 4}, {"label": "week 37", "value": 8},
                                              {"label": "none", "value": 0}]})");
  REQUIRE(svg.has_value());
  CHECK(of_bar(*svg, 1, "width") == 2 * of_bar(*svg, 0, "width"));
  CHECK(of_bar(*svg, 2, "width") == 0);
  CHECK_THAT(*svg, ContainsSubstring(">week 36</text>") && ContainsSubstring(">8</text>"));
  CHECK_THAT(*svg, ContainsSubstring("What &lt;there&gt; is") && !ContainsSubstring("<there>"));
}

TEST_CASE("plot: a timeline's last day is part of its bar") {
  const auto svg = plot("timeline", R"({"items": [{"title": "a", "from": "2026-09-01", "to": "2026-09-10"},
                                                  {"title": "b", "from": "2026-09-11", "to": "2026-09-20"}]})");
  REQUIRE(svg.has_value());
  CHECK(of_bar(*svg, 0, "width") == of_bar(*svg, 1, "width"));
  CHECK(of_bar(*svg, 1, "x") == of_bar(*svg, 0, "x") + of_bar(*svg, 0, "width"));
  CHECK_THAT(*svg, ContainsSubstring("2026-09-01 – 2026-09-10"));
}

TEST_CASE("plot: what a rule says is never markup") {
  const auto svg = plot("chart", R"({"bars": [{"label": "</text><script>\"&", "value": 1}]})");
  REQUIRE(svg.has_value());
  CHECK_THAT(*svg, !ContainsSubstring("<script>"));
  CHECK_THAT(*svg, ContainsSubstring("&lt;script&gt;&quot;&amp;"));
}

TEST_CASE("plot: at most 500 bars, and the picture says what is missing; an empty one is a picture too") {
  std::string bars;
  for (int i = 0; i < 503; ++i) bars += std::string(i == 0 ? "" : ",") + R"({"label": "b", "value": 1})";
  const auto svg = plot("chart", R"({"bars": [)" + bars + "]}");
  REQUIRE(svg.has_value());
  CHECK_THAT(*svg, ContainsSubstring("3 more are not in the picture"));
  CHECK(plot("timeline", R"({"items": []})").has_value());
  CHECK(plot("chart", R"({"bars": []})").has_value());
}

TEST_CASE("plot: another kind, and data without its kind's form, are refused") {
  CHECK(plot("table", R"({"columns": [], "rows": []})").error().code == iro::Errc::invalid_argument);
  CHECK_FALSE(plot("chart", R"({"bars": [{"label": "a", "value": -1}]})").has_value());
  CHECK_FALSE(plot("timeline", R"({"items": [{"title": "a", "from": "soon", "to": "later"}]})").has_value());
}

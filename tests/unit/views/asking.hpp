// tests/unit/views/asking.hpp: asking a Views and reading what it answers.
#pragma once

#include <boost/json.hpp>

#include "hub/views/views.hpp"
#include "tests/catch.hpp"
#include "tests/unit/views/region.hpp"

namespace iro::views::test {
namespace json = boost::json;

inline constexpr MemberNo op{0}, school_a{1}, school_b{2}, hospital_a{3}, bureau{5}, gone{6};
inline const std::string opened = "nl.placements.vacancy.opened.v1";
inline const std::string withdrawn = "nl.placements.vacancy.withdrawn.v1";
inline const std::string confirmed = "nl.placements.placement.confirmed.v1";

inline void index_all(Views& views) {
  for (;;) {
    const auto more = views.index_some(100);
    REQUIRE(more);
    if (!*more) return;
  }
}

inline std::string_view text(const json::value& v) { return v.as_string(); }

inline json::object ask(Views& views, std::string_view view, const std::string& args, MemberNo who) {
  const auto pages = views.run(view, args, who);
  if (!pages) FAIL(view << " " << args << ": " << pages.error().text());
  REQUIRE(pages->size() == 1);
  return json::parse(pages->front()).as_object();
}

inline Errc refusal(Views& views, std::string_view view, const std::string& args, MemberNo who) {
  const auto pages = views.run(view, args, who);
  REQUIRE_FALSE(pages);
  return pages.error().code;
}

struct Shown {
  std::string id;
  std::string seen;
  bool operator==(const Shown&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Shown& s) { return out << s.id << " " << s.seen; }

/// All answers to a question, following `next` to the end.
inline std::vector<Shown> ask_all(Views& views, json::object args, MemberNo who) {
  std::vector<Shown> out;
  for (int answers = 0; answers < 100'000; ++answers) {
    const auto pages = views.run("events", json::serialize(args), who);
    if (!pages) FAIL(json::serialize(args) << ": " << pages.error().text());
    json::object page;
    for (const std::string& p : *pages) {
      page = json::parse(p).as_object();
      for (const auto& row : page["events"].as_array()) {
        out.push_back({std::string(text(row.at("event").at("id"))), std::string(text(row.at("seen")))});
      }
    }
    if (!page.contains("next")) return out;
    args["from"] = page["next"];
  }
  FAIL("an answer without an end");
  return out;
}

}  // namespace iro::views::test

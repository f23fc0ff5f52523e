// Concern: a scenario that does not hold is told at its line, and --update changes expectations and nothing else.
// Plan: texts with one thing wrong each; a scripted plugin that always answers the same.
#include "plugins/scenario/runner.hpp"
#include "plugins/scenario/script.hpp"
#include "tests/catch.hpp"

using namespace iro;
using scenario::run;

namespace {

const std::string members = "member school-a school\nclient school-a\n";
const std::string invitation =
    R"(publish school-a handover.invited {"handover_id": "ho-1", "school": "school-a", "provider": "school-a"})"
    "\n";

void is_wrong_at(int line, const std::string& text, const std::string& words) {
  const auto out = run(text, {});
  REQUIRE(out.finding.has_value());
  CHECK(out.finding->line == line);
  CHECK_THAT(out.finding->what, ContainsSubstring(words));
}

}  // namespace

TEST_CASE("scenario: what cannot be followed is told at its line") {
  is_wrong_at(3, members + "frobnicate\n", "unknown statement 'frobnicate'");
  is_wrong_at(1, "member\n", "a word is missing behind 'member'");
  is_wrong_at(1, "client school-a\n", "there is no member 'school-a'");
  is_wrong_at(3, members + "publish school-b vacancy.opened {}\n", "no client 'school-b'");
  is_wrong_at(3, members + "publish school-a no.such {}\n", "there is no event type 'no.such'");
  is_wrong_at(4, members + "\npublish school-a handover.invited {\"what\": 1}\n", "what");
  is_wrong_at(3, members + "publish school-a handover.invited {\n\"handover_id\":\n", "a brace is missing");
  is_wrong_at(3, members + "advance 5parsecs\n", "no duration");
  is_wrong_at(3, members + "expect refused no_such_code\n", "there is no code 'no_such_code'");
  is_wrong_at(1, "settings {\"a\": 1}\n", "iro-plugin test");
  is_wrong_at(1, "at noon\n", "no time");
  is_wrong_at(3, members + "plugin late-comer reacts vacancy.opened\n", "plugins come before members");
}

TEST_CASE("scenario: an error shows file, line and text") {
  CHECK(scenario::shown_at("a.scenario", "one\ntwo\n", 2, "no") == "a.scenario:2: no\n     2 | two");
}

TEST_CASE("scenario: an expectation that differs is wrong, and corrected only when that is asked for") {
  const std::string text = "# kept\n" + members + invitation + "  expect refused rejected_by_rule\n";
  is_wrong_at(5, text, "expected rejected_by_rule, got ok");
  scenario::RunOptions options;
  options.update = true;
  const auto updated = run(text, options);
  CHECK_FALSE(updated.finding.has_value());
  CHECK(updated.corrected == 1);
  CHECK(updated.text == "# kept\n" + members + invitation + "  expect accepted\n");
  CHECK_FALSE(run(updated.text, {}).finding.has_value());
}

TEST_CASE("scenario: a correction keeps to what the expectation spoke of, over all its lines") {
  const std::string begin = members + "subscribe school-a all\n" + invitation;
  const std::string text =
      begin +
      "expect school-a gets handover.invited {\n  \"handover_id\": \"other\"\n}\nexpect school-a gets nothing\n";
  is_wrong_at(5, text, "the payload was");
  scenario::RunOptions options;
  options.update = true;
  const auto updated = run(text, options);
  CHECK(updated.text == begin + "expect school-a gets handover.invited {\"handover_id\": \"ho-1\"}\n" +
                            "expect school-a gets nothing\n");
}

TEST_CASE("scenario: what a plugin says is expected event by event, and two runs answer the same") {
  const std::string begin =
      "plugin echo reacts handover.invited\nplugin echo emits vacancy.unfilled\n" + members +
      "answer echo handover.invited emit vacancy.unfilled {\"vacancy_id\": \"vac-1\", \"provider\": \"school-a\"}\n" +
      "answer echo handover.invited put seen yes\n" + invitation;
  const std::string good = begin + "expect echo emits vacancy.unfilled {\"vacancy_id\": \"vac-1\"}\n" +
                           "expect echo emits nothing\nstate echo seen is yes\nstate echo seen is something\n";
  const auto first = run(good, {});
  REQUIRE_FALSE(first.finding.has_value());
  CHECK(first.answers.size() == 1);
  CHECK(first.answers == run(good, {}).answers);
  is_wrong_at(8, begin + "expect echo emits nothing\n", "it emitted nl.placements.vacancy.unfilled.v1");
  is_wrong_at(8, begin + "state echo seen is nothing\n", "it is yes");
  is_wrong_at(8, begin + "expect echo fails crashed\n", "is no real plugin");
  is_wrong_at(9, begin + "ask school-a plugin/echo/list\nexpect answer ok\n", "view_unknown");
}

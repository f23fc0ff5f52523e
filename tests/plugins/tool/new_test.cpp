// Concern: what `iro-plugin new` makes has the author's name everywhere, and never overwrites anything.
// Plan: names good and bad; the template copied; a folder that is there.
#include <filesystem>

#include "plugins/tool/new_project.hpp"
#include "plugins/tool/plugin_folder.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_folder.hpp"

using namespace iro;
using namespace iro::tool;
namespace fs = std::filesystem;

TEST_CASE("new: a name is one that the hub takes, and CMake too") {
  for (const char* good : {"late-answers", "ab", "a1", "my-rule", "a23456789012345678901234567890123456789b"})
    CHECK(wrong_name(good).empty());
  for (const char* bad : {"", "a", "Late", "1st", "-a", "a-", "a--b", "a_b", "a b", "../a", "test", "install",
                          "a23456789012345678901234567890123456789bc"}) {
    CHECK_FALSE(wrong_name(bad).empty());
  }
}

TEST_CASE("new: each spelling is replaced, once") {
  CHECK(renamed("my-rule my_rule.cpp MyRule 'Mijn regel'", "late-2-answers") ==
        "late-2-answers late_2_answers.cpp Late2Answers 'late-2-answers'");
  CHECK(renamed("my-rule", "my-rule-too") == "my-rule-too");
}

TEST_CASE("new: a project has nothing left of the template's name") {
  const test::TempFolder scratch;
  const fs::path folder = scratch.path() / "made";
  REQUIRE(new_project(IRO_TEMPLATE, "late-answers", folder).has_value());
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    ++files;
    const std::string text = read_text(entry.path()).value() + entry.path().filename().string();
    for (const char* left : {"my-rule", "my_rule", "MyRule", "Mijn regel", "My rule"})
      CHECK_THAT(text, !ContainsSubstring(left));
  }
  CHECK(files >= 9);
  CHECK(fs::exists(folder / "late_answers.cpp"));
  CHECK(fs::exists(folder / ".gitignore"));
}

TEST_CASE("new: a folder that is there is left alone") {
  const test::TempFolder scratch;
  const auto refused = new_project(IRO_TEMPLATE, "late-answers", scratch.path());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::exists);
  CHECK(fs::is_empty(scratch.path()));
}

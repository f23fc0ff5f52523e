// The code lists that come as data: they agree with the schemas and with themselves.
#include <toml++/toml.h>
#include <map>
#include <set>

#include "schemas/common_generated.h"
#include "tests/catch.hpp"

namespace {

toml::table codes(const std::string& file) { return toml::parse_file(std::string(IRO_SCHEMAS) + "/codes/" + file); }

std::string text(const toml::table& row, std::string_view key) { return row[key].value_or(std::string()); }

}  // namespace

TEST_CASE("codes: branches.toml has the branches of common.fbs, in both languages") {
  std::set<std::string> listed;
  const auto file = codes("branches.toml");
  for (const auto& row : *file["branch"].as_array()) {
    const toml::table& branch = *row.as_table();
    CHECK(listed.insert(text(branch, "code")).second);
    CHECK_FALSE(text(branch, "nl").empty());
    CHECK_FALSE(text(branch, "en").empty());
  }
  std::set<std::string> spelled;
  for (const auto branch : iro::events::EnumValuesBranch()) spelled.insert(iro::events::EnumNameBranch(branch));
  CHECK(listed == spelled);
}

TEST_CASE("codes: every programme has a name, a level and learning paths, and successors point both ways") {
  std::set<std::string> paths;
  for (const auto path : iro::events::EnumValuesLearningPath()) paths.insert(iro::events::EnumNameLearningPath(path));
  std::map<std::string, std::string> successor;
  std::map<std::string, std::string> predecessor;
  const auto file = codes("programmes.toml");
  for (const auto& row : *file["programme"].as_array()) {
    const toml::table& programme = *row.as_table();
    const std::string code = text(programme, "code");
    INFO(code);
    CHECK(successor.emplace(code, text(programme, "successor")).second);
    predecessor[code] = text(programme, "predecessor");
    CHECK_FALSE(text(programme, "name").empty());
    const auto level = programme["level"].value_or(0);
    CHECK(((level >= 1 && level <= 4) || level == 6));
    for (const auto& path : *programme["learning_paths"].as_array()) {
      CHECK(paths.contains(path.value_or(std::string())));
    }
  }
  CHECK(successor.size() == 16);
  for (const auto& [code, next] : successor) {
    if (!next.empty()) CHECK(predecessor.at(next) == code);
  }
  for (const auto& [code, previous] : predecessor) {
    if (!previous.empty()) CHECK(successor.at(previous) == code);
  }
}

#include "adapters/files/programmes.hpp"

#include <toml++/toml.h>

#include "adapters/files/builtin_mapping_texts.hpp"
#include "hub/base/assert.hpp"

namespace iro::files {

ProgrammeList ProgrammeList::builtin() {
  const toml::table root = toml::parse(programmes_text());  // our own file: a test reads it
  std::set<std::string, std::less<>> codes;
  const toml::array* list = root["programme"].as_array();
  IRO_ASSERT(list != nullptr, "schemas/codes/programmes.toml has programmes");
  for (const toml::node& node : *list) {
    const toml::table& programme = *node.as_table();
    // A code that was replaced is still the one that running students began with.
    for (const std::string_view key : {"code", "predecessor"}) {
      if (const auto code = programme[key].value<std::string>()) codes.insert(*code);
    }
  }
  return ProgrammeList(std::move(codes));
}

}  // namespace iro::files

// adapters/files/builtin_mapping_texts.hpp: the texts that are built into the
// program: the mappings folder and the programme codes (CMakeLists.txt generates the .cpp). Constant data; any thread.
#pragma once

#include <span>
#include <string_view>

namespace iro::files {

struct MappingText {
  std::string_view name;  // "vacancies.toml"
  std::string_view toml;
};
std::span<const MappingText> builtin_mapping_texts();
/// mappings/common/codes.toml
std::string_view common_codes_text();
/// schemas/codes/programmes.toml
std::string_view programmes_text();

}  // namespace iro::files

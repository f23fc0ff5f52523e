# Writes OUT: the files of MAPPINGS, COMMON and PROGRAMMES as constant texts (builtin_mapping_texts.hpp).
function(literal file out)
  file(READ ${file} text)
  set(${out} "R\"iro(${text})iro\"" PARENT_SCOPE)
endfunction()

string(REPLACE "|" ";" MAPPINGS "${MAPPINGS}")
set(entries "")
foreach(file IN LISTS MAPPINGS)
  cmake_path(GET file FILENAME name)
  literal(${file} text)
  string(APPEND entries "    {\"${name}\", ${text}},\n")
endforeach()
literal(${COMMON} common)
literal(${PROGRAMMES} programmes)
file(WRITE ${OUT} "#include \"adapters/files/builtin_mapping_texts.hpp\"

namespace iro::files {

std::span<const MappingText> builtin_mapping_texts() {
  static constexpr MappingText texts[] = {
${entries}  };
  return texts;
}
std::string_view common_codes_text() { return ${common}; }
std::string_view programmes_text() { return ${programmes}; }

}  // namespace iro::files
")

#include "tests/unit/schema/parse_schema.hpp"

#include <flatbuffers/idl.h>

#include <fstream>
#include <sstream>

#include "tests/catch.hpp"

iro::Bytes bfbs_of(const std::string& fbs, const std::string& folder) {
  flatbuffers::IDLOptions options;
  options.binary_schema_comments = true;
  flatbuffers::Parser parser(options);
  const char* folders[] = {folder.c_str(), nullptr};
  const bool parsed = parser.Parse(fbs.c_str(), folders);
  INFO(parser.error_);
  REQUIRE(parsed);
  parser.Serialize();
  return {parser.builder_.GetBufferPointer(), parser.builder_.GetBufferPointer() + parser.builder_.GetSize()};
}

std::string event_fbs(const std::string& attributes, const std::string& fields, const std::string& before) {
  return "include \"common.fbs\";\nnamespace iro.test;\n" + before + "\ntable Thing (" + attributes + ") {\n" + fields +
         "\n}\n";
}

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  INFO(path);
  REQUIRE(in.good());
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

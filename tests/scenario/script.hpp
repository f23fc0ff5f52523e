// tests/scenario/script.hpp: a .scenario file as statements.
//
// One statement a line; `#` begins a comment; a JSON object may go on over
// several lines until its braces close. Errors name the line.
#pragma once

#include <string>
#include <vector>

#include "hub/base/error.hpp"

namespace iro::test {

struct Statement {
  int line = 0;
  std::vector<std::string> words;  // quotes taken off
  std::string json;                // the object at the end, if any
};

Result<std::vector<Statement>> parse_script(const std::string& text);

}  // namespace iro::test

// plugins/scenario/script.hpp: a .scenario file as statements.
//
// One statement a line; `#` begins a comment; a JSON object may go on over
// several lines until its braces close. Errors name the line, and show it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iro::scenario {

struct Statement {
  int line = 0;
  int last_line = 0;
  std::vector<std::string> words;  // quotes taken off
  std::string json;                // the object at the end, if any
  bool unfinished = false;         // its braces do not close
};

std::vector<Statement> parse_script(std::string_view text);

/// The text as lines, without their breaks.
std::vector<std::string> lines_of(std::string_view text);
/// "FILE:12: WHAT", and below it the line itself.
std::string shown_at(std::string_view file, std::string_view text, int line, std::string_view what);

}  // namespace iro::scenario

#include "tests/scenario/script.hpp"

#include <fmt/format.h>

#include <sstream>

namespace iro::test {
namespace {

int depth_of(const std::string& text) {
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_text && text[i] == '\\') {
      ++i;
      continue;
    }
    if (text[i] == '"') in_text = !in_text;
    if (in_text) continue;
    if (text[i] == '{' || text[i] == '[') ++depth;
    if (text[i] == '}' || text[i] == ']') --depth;
  }
  return depth;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ' || text[i] == '\t') {
      ++i;
      continue;
    }
    std::size_t end = 0;
    if (text[i] == '"') {
      end = text.find('"', i + 1);
      if (end == std::string::npos) end = text.size();
      out.push_back(text.substr(i + 1, end - i - 1));
      i = end + 1;
    } else {
      end = std::min(text.find_first_of(" \t", i), text.size());
      out.push_back(text.substr(i, end - i));
      i = end;
    }
  }
  return out;
}

}  // namespace

Result<std::vector<Statement>> parse_script(const std::string& text) {
  std::vector<Statement> out;
  std::istringstream in(text);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const int first = number;
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string::npos || line[start] == '#') continue;
    Statement s;
    s.line = first;
    const std::size_t brace = line.find_first_of("{[");
    s.words = words_of(line.substr(0, brace));
    if (brace != std::string::npos) {
      s.json = line.substr(brace);
      while (depth_of(s.json) > 0) {
        if (!std::getline(in, line))
          return fail(Errc::invalid_argument, fmt::format("line {}: the JSON does not end", first));
        s.json += "\n" + line;
        ++number;
      }
    }
    out.push_back(std::move(s));
  }
  return out;
}

}  // namespace iro::test

#include "plugins/scenario/script.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace iro::scenario {
namespace {

int depth_of(std::string_view text) {
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

std::vector<std::string> words_of(std::string_view text) {
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
      out.emplace_back(text.substr(i + 1, end - i - 1));
      i = end + 1;
    } else {
      end = std::min(text.find_first_of(" \t", i), text.size());
      out.emplace_back(text.substr(i, end - i));
      i = end;
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  out.reserve(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string shown_at(std::string_view file, std::string_view text, int line, std::string_view what) {
  const auto lines = lines_of(text);
  const auto index = static_cast<std::size_t>(line - 1);
  const std::string_view at = index < lines.size() ? std::string_view(lines[index]) : "";
  return fmt::format("{}:{}: {}\n  {:>4} | {}", file, line, what, line, at);
}

std::vector<Statement> parse_script(std::string_view text) {
  std::vector<Statement> out;
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string::npos || line[start] == '#') continue;
    Statement s;
    s.line = static_cast<int>(i) + 1;
    const std::size_t brace = line.find_first_of("{[");
    s.words = words_of(std::string_view(line).substr(0, brace));
    if (brace != std::string::npos) {
      s.json = line.substr(brace);
      while (depth_of(s.json) > 0) {
        if (i + 1 == lines.size()) {
          s.unfinished = true;
          break;
        }
        s.json += "\n" + lines[++i];
      }
    }
    s.last_line = static_cast<int>(i) + 1;
    out.push_back(std::move(s));
  }
  return out;
}

}  // namespace iro::scenario

#include "adapters/files/mapping.hpp"

#include <algorithm>

namespace iro::files {
namespace {

// Lower case of the Latin-1 letters too, which Dutch headers have (é, ë, ï): in UTF-8 C3 80-9E -> C3 A0-BE.
void append_lower(std::string& out, std::string_view text, std::size_t i) {
  const char c = text[i];
  const bool after_c3 = i > 0 && text[i - 1] == '\xC3';
  const auto byte = static_cast<unsigned char>(c);
  if (c >= 'A' && c <= 'Z') {
    out.push_back(static_cast<char>(c + 32));
  } else if (after_c3 && byte >= 0x80 && byte <= 0x9E && byte != 0x97) {
    out.push_back(static_cast<char>(byte + 0x20));
  } else {
    out.push_back(c);
  }
}

}  // namespace

std::string folded(std::string_view text) {
  std::string out;
  bool gap = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool no_break_space = c == '\xC2' && i + 1 < text.size() && text[i + 1] == '\xA0';
    if (c == ' ' || c == '\t' || c == '_' || c == '-' || c == '\r' || c == '\n' || no_break_space) {
      gap = true;
      i += no_break_space ? 1 : 0;
      continue;
    }
    if (gap && !out.empty()) out.push_back(' ');
    gap = false;
    append_lower(out, text, i);
  }
  return out;
}

std::optional<std::size_t> Mapping::find_column(std::string_view name) const {
  const auto at = std::ranges::find(columns, name, &Column::name);
  if (at == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(at - columns.begin());
}

HeaderMatch match_header(const Mapping& mapping, const std::vector<std::string>& header) {
  HeaderMatch match;
  std::vector<std::string> names;
  for (const std::string& h : header) names.push_back(folded(h));
  std::vector<bool> used(header.size(), false);
  for (const Column& column : mapping.columns) {
    std::optional<std::size_t> field;
    for (const std::string& alias : column.headers) {
      const auto at = std::ranges::find(names, folded(alias));
      if (at == names.end()) continue;
      field = static_cast<std::size_t>(at - names.begin());
      break;
    }
    if (field) {
      used[*field] = true;
      ++match.matched;
    } else if (column.required) {
      match.missing.push_back(column.headers.front());
    }
    match.field_of.push_back(field);
  }
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (!used[i] && !names[i].empty()) match.unused.push_back(header[i]);
  }
  return match;
}

}  // namespace iro::files

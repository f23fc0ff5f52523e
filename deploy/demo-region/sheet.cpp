#include "deploy/demo-region/sheet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "hub/base/assert.hpp"

namespace iro::demo {
namespace {

/// The next character of well-formed UTF-8: ours, below U+10000.
char32_t take(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  char32_t c = byte(0);
  std::size_t size = 1;
  if (c >= 0xE0) {
    c = (c & 0x0F) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
    size = 3;
  } else if (c >= 0xC0) {
    c = (c & 0x1F) << 6 | (byte(1) & 0x3FU);
    size = 2;
  }
  text.remove_prefix(size);
  return c;
}

std::string to_windows_1252(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char32_t c = take(text);
    if (c == U'€') c = 0x80;
    if (c == U'’') c = 0x92;
    IRO_ASSERT(c < 0x100, "a character that the demo's texts do not use in Windows-1252");
    out.push_back(static_cast<char>(c));
  }
  return out;
}

std::string to_utf16(std::string_view text) {
  std::string out = "\xFF\xFE";
  while (!text.empty()) {
    const char32_t c = take(text);
    out.push_back(static_cast<char>(c & 0xFF));
    out.push_back(static_cast<char>(c >> 8));
  }
  return out;
}

}  // namespace

std::size_t Sheet::row(std::span<const std::string> fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line.push_back(style_.separator);
    const std::string& field = fields[i];
    if (field.find_first_of(std::string{'"', '\n', style_.separator}) == field.npos) {
      line += field;
      continue;
    }
    line.push_back('"');
    for (const char c : field) line.append(c == '"' ? 2 : 1, c);
    line.push_back('"');
  }
  return raw(line);
}

std::size_t Sheet::raw(std::string_view line) {
  const std::size_t at = line_;
  line_ += 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), '\n'));
  text_ += line;
  text_ += style_.crlf ? "\r\n" : "\n";
  ++rows_;
  return at;
}

Status Sheet::save(const std::filesystem::path& path) const {
  std::string bytes;
  switch (style_.saved) {
    case Saved::utf8:
      bytes = text_;
      break;
    case Saved::utf8_with_mark:
      bytes = "\xEF\xBB\xBF" + text_;
      break;
    case Saved::utf16:
      bytes = to_utf16(text_);
      break;
    case Saved::windows_1252:
      bytes = to_windows_1252(text_);
      break;
  }
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) return fail(Errc::io, fmt::format("write {}", path.string()));
  return {};
}

}  // namespace iro::demo

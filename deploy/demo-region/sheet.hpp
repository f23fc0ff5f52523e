// deploy/demo-region/sheet.hpp: a CSV file as an office program would save it.
//
// Rows come in as UTF-8 and leave in the encoding, with the separator and line
// ends, that this member's program happens to use. Formulas are written as they
// are: making them harmless is the reader's duty, and the demo shows it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/base/error.hpp"

namespace iro::demo {

enum class Saved { utf8, utf8_with_mark, utf16, windows_1252 };

struct SheetStyle {
  Saved saved = Saved::utf8;
  char separator = ';';
  bool crlf = true;
};

class Sheet {
 public:
  explicit Sheet(SheetStyle style) : style_(style) {}

  /// Quotes what needs it. Returns the line on which the row begins, from 1.
  std::size_t row(std::span<const std::string> fields);
  /// A line as it is, for rows that are wrong on purpose.
  std::size_t raw(std::string_view line);
  [[nodiscard]] std::size_t rows() const { return rows_; }

  [[nodiscard]] Status save(const std::filesystem::path& path) const;

 private:
  SheetStyle style_;
  std::string text_;
  std::size_t rows_ = 0;
  std::size_t line_ = 1;
};

}  // namespace iro::demo

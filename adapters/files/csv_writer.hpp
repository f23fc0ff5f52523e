// adapters/files/csv_writer.hpp: CSV that people open in a spreadsheet.
//
// A text that a spreadsheet would take for a formula (it begins with = + - @,
// their full-width forms, a tab or a line break) gets an apostrophe before it: such texts
// come from other organisations, and a formula can send a sheet's contents
// away. Numbers that are numbers are left alone. Values only; any thread.
#pragma once

#include <string>
#include <string_view>

namespace iro::files {

/// Behind the mark Excel reads the file as UTF-8; it belongs at the front of a new file.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// `text` with an apostrophe before it if a spreadsheet could take it for a formula.
std::string without_formula(std::string_view text);

/// Builds one row at a time: text and number add a field, take() gives the row with CRLF.
class CsvRow {
 public:
  /// The separator of Dutch spreadsheets by default.
  explicit CsvRow(char separator = ';') : separator_(separator) {}
  CsvRow& text(std::string_view value);
  /// `value` must be a number in its usual spelling; anything else is written as text.
  CsvRow& number(std::string_view value);
  [[nodiscard]] std::string take();

 private:
  void field(std::string_view value);
  char separator_;
  bool first_ = true;
  std::string row_;
};

}  // namespace iro::files

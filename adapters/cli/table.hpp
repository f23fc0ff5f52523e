// adapters/cli/table.hpp: tables and answers for people.
//
// Everything that comes from outside goes through clean(): an event's text
// must not move the cursor of the operator's terminal. Columns are as wide as
// their widest cell, counted in code points. Pure: returns text.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/cli/texts.hpp"

namespace iro::cli {

/// Control characters (C0, C1, DEL) become '?'; a line break becomes a space.
std::string clean(std::string_view text);
/// At most `most` code points; an ellipsis stands for what was cut off.
std::string shorten(std::string_view text, std::size_t most);

class Table {
 public:
  explicit Table(std::vector<std::string> headers) { rows_.push_back(std::move(headers)); }
  /// As many cells as there are headers.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.size() == 1; }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first is the header
};

/// One line for a value: texts bare, lists joined, yes and no in words.
std::string cell(const boost::json::value& value, const Texts& texts);
/// An array of objects, with `fields` as columns; none: those of the first object that fit in a cell.
std::string table_of(const boost::json::array& rows, std::vector<std::string> fields, const Texts& texts);
/// Any answer: an object as "name: value" lines, lists of objects as tables, nested ones indented.
std::string tree_of(const boost::json::value& value, const Texts& texts);

}  // namespace iro::cli

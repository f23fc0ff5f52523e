// plugins/supervisor_pool/view_text.hpp: what the files of views share: a table as JSON, the weeks that were asked for.
#pragma once

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "plugins/supervisor_pool/rule.hpp"

namespace iro::pool {

/// JSON of rows and columns.
class Table {
 public:
  explicit Table(std::initializer_list<std::string_view> columns) {
    for (const std::string_view column : columns) columns_ += (columns_.empty() ? "" : ",") + iro::json::quoted(column);
  }
  Table& row() {
    if (!rows_.empty()) rows_ += "],";
    rows_ += "[";
    first_ = true;
    return *this;
  }
  template <typename Value>
  Table& operator<<(const Value& value) {
    if (!first_) rows_ += ",";
    first_ = false;
    if constexpr (std::is_integral_v<Value>) {
      rows_ += std::to_string(value);
    } else {
      rows_ += iro::json::quoted(value);
    }
    return *this;
  }
  [[nodiscard]] std::string json() const {
    return "{\"columns\":[" + columns_ + "],\"rows\":[" + rows_ + (rows_.empty() ? "" : "]") + "]}";
  }

 private:
  std::string columns_;
  std::string rows_;
  bool first_ = true;
};

/// "2026-W40", "202640", or this week.
inline Week week_asked(const iro::View& view) {
  const auto text = view.argument<std::string>("week", "");
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits += c;
  }
  std::int32_t field = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), field);
  const Week week = week_from_field(field);
  return week == 0 ? week_of(view.today()) : week;
}
inline Week weeks_asked(const iro::View& view) {
  return std::clamp<Week>(view.argument<Week>("weeks", 12), 1, most_weeks);
}
inline std::vector<Supervisor> everybody(const SupervisorPool& pool, const iro::View& view) {
  std::vector<Supervisor> out;
  pool.people.each(view, [&](std::string_view, const Supervisor& one) { out.push_back(one); });
  return out;
}

}  // namespace iro::pool

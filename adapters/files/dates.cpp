#include "adapters/files/dates.hpp"

#include <algorithm>
#include <charconv>

#include "hub/base/clock.hpp"

namespace iro::files {
namespace {

std::optional<int> number(std::string_view digits) {
  int value = 0;
  if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (ec != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<std::int32_t> from_parts(std::string_view year, std::string_view month, std::string_view day) {
  if (year.size() != 4 || month.size() > 2 || day.size() > 2) return std::nullopt;
  const auto y = number(year);
  const auto m = number(month);
  const auto d = number(day);
  if (!y || !m || !d) return std::nullopt;
  return days_from_date(*y, *m, *d);
}

std::string_view without_midnight(std::string_view text) {
  for (const std::string_view tail : {" 00:00:00", " 0:00:00", " 00:00", " 0:00", "T00:00:00"}) {
    if (text.ends_with(tail)) return text.substr(0, text.size() - tail.size());
  }
  return text;
}

}  // namespace

std::optional<std::int32_t> read_date(std::string_view text) {
  text = without_midnight(text);
  if (text.size() == 8 && number(text)) return from_parts(text.substr(0, 4), text.substr(4, 2), text.substr(6));
  const std::size_t first = text.find_first_of("-/.");
  if (first == text.npos) return std::nullopt;
  const std::size_t second = text.find(text[first], first + 1);
  if (second == text.npos) return std::nullopt;
  const std::string_view a = text.substr(0, first);
  const std::string_view b = text.substr(first + 1, second - first - 1);
  const std::string_view c = text.substr(second + 1);
  return a.size() == 4 ? from_parts(a, b, c) : from_parts(c, b, a);
}

}  // namespace iro::files

#include "adapters/files/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>

#include "adapters/files/dates.hpp"
#include "hub/base/clock.hpp"
#include "hub/schema/personal_number.hpp"

namespace iro::files {
namespace {

tl::unexpected<Error> expected(std::string_view what) {
  return fail(Errc::csv_value, fmt::format("expected {}", what));
}

Result<boost::json::value> read_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return expected("a whole number without points or spaces");
  return boost::json::value(value);
}

Result<boost::json::value> read_decimal(std::string_view text, char separator) {
  std::string plain(text);
  if (separator == ',') {
    if (plain.find('.') != plain.npos) return expected("a number such as 12,5");
    std::ranges::replace(plain, ',', '.');
  }
  double value = 0;
  const auto [end, ec] = std::from_chars(plain.data(), plain.data() + plain.size(), value, std::chars_format::fixed);
  if (ec != std::errc{} || end != plain.data() + plain.size())
    return expected(separator == ',' ? "a number such as 12,5" : "a number such as 12.5");
  return boost::json::value(value);
}

Result<boost::json::value> read_boolean(std::string_view text) {
  const std::string word = folded(text);
  for (const std::string_view yes : {"ja", "j", "yes", "y", "true", "waar", "1", "x"}) {
    if (word == yes) return boost::json::value(true);
  }
  for (const std::string_view no : {"nee", "n", "no", "false", "onwaar", "0"}) {
    if (word == no) return boost::json::value(false);
  }
  return expected("ja or nee");
}

Result<boost::json::value> read_code(const Mapping& mapping, const Column& column, std::string_view text) {
  if (column.codes.empty()) return boost::json::value(boost::json::string(text));
  const CodeTable& codes = mapping.codes.at(column.codes);
  if (const auto found = codes.find(folded(text)); found != codes.end())
    return boost::json::value(boost::json::string(found->second));
  // The hub's own word is always understood.
  for (const auto& [from, to] : codes) {
    if (to == text) return boost::json::value(boost::json::string(text));
  }
  std::string known;
  for (const auto& [from, to] : codes) known += (known.empty() ? "" : ", ") + from;
  return expected(fmt::format("one of: {}", known));
}

Result<boost::json::value> read_one(const Mapping& mapping, const Column& column, std::string_view text) {
  switch (column.kind) {
    case ValueKind::text:
    case ValueKind::pseudonym:
      return boost::json::value(boost::json::string(text));
    case ValueKind::integer:
      return read_integer(text);
    case ValueKind::decimal:
      return read_decimal(text, mapping.decimal_separator);
    case ValueKind::boolean:
      return read_boolean(text);
    case ValueKind::code:
      return read_code(mapping, column, text);
    case ValueKind::date: {
      const auto days = read_date(text);
      if (!days) return expected("a date such as 2026-09-01, 1-9-2026 or 20260901");
      return boost::json::value(boost::json::string(format_date(*days)));
    }
  }
  return expected("a value");
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  for (;;) {
    if (!text.empty() && white.find(text.front()) != white.npos) {
      text.remove_prefix(1);
    } else if (!text.empty() && white.find(text.back()) != white.npos) {
      text.remove_suffix(1);
    } else if (text.starts_with("\xC2\xA0")) {
      text.remove_prefix(2);
    } else if (text.ends_with("\xC2\xA0")) {
      text.remove_suffix(2);
    } else {
      return text;
    }
  }
}

Result<boost::json::value> read_value(const Mapping& mapping, const Column& column, std::string_view text) {
  text = trimmed(text);
  if (text.empty()) text = column.fallback;
  if (text.empty()) return boost::json::value(nullptr);
  if (column.list_separator == 0) return read_one(mapping, column, text);
  boost::json::array list;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find(column.list_separator, from), text.size());
    const std::string_view item = trimmed(text.substr(from, end - from));
    from = end + 1;
    if (item.empty()) continue;
    auto value = read_one(mapping, column, item);
    if (!value) return fail(value.error().within(fmt::format("'{}'", item)));
    list.push_back(std::move(*value));
  }
  return boost::json::value(std::move(list));
}

Result<boost::json::value> read_weeks(std::string_view first, std::string_view last, std::string_view seats) {
  const auto from = read_date(first);
  const auto to = read_date(last);
  std::int64_t count = 0;
  const auto [end, ec] = std::from_chars(seats.data(), seats.data() + seats.size(), count);
  if (!from || !to || ec != std::errc{} || end != seats.data() + seats.size() || count < 0) {
    return expected("a first day, a last day and a number of seats");
  }
  constexpr std::int32_t most_days = 3 * 366;  // longer is a typing mistake in a year
  if (*to < *from || *to - *from > most_days) return expected("a last day at most three years behind the first");
  boost::json::array weeks;
  // 1970-01-01 was a Thursday; a week begins on Monday and belongs to the year of its Thursday.
  const auto monday_of = [](std::int32_t day) { return day - ((day + 3) % 7 + 7) % 7; };
  for (std::int32_t monday = monday_of(*from); monday <= *to; monday += 7) {
    const int year = date_from_days(monday + 3).year;
    const std::int32_t first_monday = monday_of(*days_from_date(year, 1, 4));
    weeks.push_back(boost::json::object{{"week", fmt::format("{:04}-W{:02}", year, (monday - first_monday) / 7 + 1)},
                                        {"seats", count}});
  }
  return boost::json::value(std::move(weeks));
}

bool looks_personal(std::string_view text) { return schema::find_personal_number(text).has_value(); }
bool looks_personal_in_id(std::string_view id) { return schema::find_personal_number_in_id(id).has_value(); }

}  // namespace iro::files

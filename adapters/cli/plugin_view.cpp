#include "adapters/cli/plugin_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "adapters/cli/table.hpp"
#include "hub/base/clock.hpp"

namespace iro::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t picture_width = 40;

const json::array* list(const json::value& in, std::string_view name) {
  const auto* v = in.is_object() ? in.get_object().if_contains(name) : nullptr;
  return v != nullptr && v->is_array() ? &v->get_array() : nullptr;
}
std::string text(const json::value& in, std::string_view name, const Texts& texts) {
  const auto* v = in.is_object() ? in.get_object().if_contains(name) : nullptr;
  return v == nullptr ? std::string() : cell(*v, texts);
}

/// {"columns": [name...], "rows": [[value...]...]}
std::optional<std::string> as_table(const json::value& data, const Texts& texts) {
  const auto* columns = list(data, "columns");
  const auto* rows = list(data, "rows");
  if (columns == nullptr || rows == nullptr || columns->empty()) return std::nullopt;
  std::vector<std::string> headers;
  for (const auto& column : *columns) headers.push_back(clean(texts.label(cell(column, texts))));
  Table table(std::move(headers));
  for (const auto& row : *rows) {
    if (!row.is_array()) return std::nullopt;
    std::vector<std::string> cells;
    for (const auto& value : row.get_array()) cells.push_back(cell(value, texts));
    cells.resize(columns->size());
    table.add(std::move(cells));
  }
  return table.text();
}

/// {"columns": [{"title", "cards": [{"title", "text"}...]}...]}
std::optional<std::string> as_board(const json::value& data, const Texts& texts) {
  const auto* columns = list(data, "columns");
  if (columns == nullptr) return std::nullopt;
  std::string out;
  for (const auto& column : *columns) {
    const auto* cards = list(column, "cards");
    if (cards == nullptr) return std::nullopt;
    out += fmt::format("{}{} ({})\n", out.empty() ? "" : "\n", text(column, "title", texts), cards->size());
    for (const auto& card : *cards) {
      const std::string more = text(card, "text", texts);
      out += fmt::format("  {}{}{}\n", text(card, "title", texts), more.empty() ? "" : ": ", more);
    }
  }
  return out;
}

/// {"items": [{"title", "from": date, "to": date}...]}: a bar each, from the first day of all to the last.
std::optional<std::string> as_timeline(const json::value& data, const Texts& texts) {
  const auto* items = list(data, "items");
  if (items == nullptr) return std::nullopt;
  struct Bar {
    std::string title, from, to;
    TimeMs begin, end;
  };
  std::vector<Bar> bars;
  for (const auto& item : *items) {
    Bar bar{text(item, "title", texts), text(item, "from", texts), text(item, "to", texts), {}, {}};
    const auto begin = parse_time(bar.from + "T00:00:00Z");
    const auto end = parse_time(bar.to + "T00:00:00Z");
    if (!begin || !end || *end < *begin) return std::nullopt;
    bar.begin = *begin;
    bar.end = *end;
    bars.push_back(std::move(bar));
  }
  if (bars.empty()) return std::string();
  const auto first = std::ranges::min(bars, {}, &Bar::begin).begin.value();
  const auto last = std::ranges::max(bars, {}, &Bar::end).end.value();
  const auto at = [&](TimeMs t) {
    const auto width = static_cast<std::int64_t>(picture_width) - 1;
    return static_cast<std::size_t>(last == first ? 0 : (t.value() - first) * width / (last - first));
  };
  Table table({clean(texts.label("text")), clean(texts.label("from")), clean(texts.label("until")), ""});
  for (const Bar& bar : bars) {
    std::string picture(at(bar.begin), ' ');
    for (std::size_t i = at(bar.begin); i <= at(bar.end); ++i) picture += "█";
    table.add({bar.title, bar.from, bar.to, std::move(picture)});
  }
  return table.text();
}

/// {"bars": [{"label", "value": number}...]}
std::optional<std::string> as_chart(const json::value& data, const Texts& texts) {
  const auto* bars = list(data, "bars");
  if (bars == nullptr) return std::nullopt;
  double most = 0;
  for (const auto& bar : *bars) {
    const auto* value = bar.is_object() ? bar.get_object().if_contains("value") : nullptr;
    if (value == nullptr || !value->is_number() || value->to_number<double>() < 0) return std::nullopt;
    most = std::max(most, value->to_number<double>());
  }
  Table table({clean(texts.label("text")), clean(texts.label("count")), ""});
  for (const auto& bar : *bars) {
    const double value = bar.at("value").to_number<double>();
    std::string picture;
    for (double drawn = 0; most > 0 && drawn < value / most * static_cast<double>(picture_width); ++drawn)
      picture += "█";
    table.add({text(bar, "label", texts), text(bar, "value", texts), std::move(picture)});
  }
  return table.text();
}

}  // namespace

std::string drawn(const json::object& answer, const Texts& texts) {
  const json::value* data = answer.if_contains("data");
  if (data == nullptr) return tree_of(answer, texts);
  const std::string kind = text(answer, "kind", texts);
  const std::optional<std::string> body = kind == "table"      ? as_table(*data, texts)
                                          : kind == "board"    ? as_board(*data, texts)
                                          : kind == "timeline" ? as_timeline(*data, texts)
                                          : kind == "chart"    ? as_chart(*data, texts)
                                                               : std::nullopt;
  return text(answer, name_of(texts.lang()), texts) + "\n\n" + body.value_or(tree_of(*data, texts));
}

}  // namespace iro::cli

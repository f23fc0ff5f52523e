#include "adapters/cli/table.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace iro::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t widest_cell = 100;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !continues(c); }));
}

bool is_plain(const json::value& v) {
  return !v.is_structured() ||
         (v.is_array() && std::ranges::none_of(v.get_array(), [](const json::value& i) { return i.is_structured(); }));
}

bool is_list_of_objects(const json::value& v) {
  return v.is_array() && !v.get_array().empty() &&
         std::ranges::all_of(v.get_array(), [](const json::value& i) { return i.is_object(); });
}

std::vector<std::string> plain_fields(const json::array& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) {
    if (!row.is_object()) continue;
    for (const auto& [name, value] : row.get_object()) {
      const bool known = std::ranges::find(out, std::string_view(name)) != out.end();
      if (is_plain(value) && !known) out.emplace_back(name);
    }
  }
  return out;
}

std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.append(by).append(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

std::string lines_of(const json::object& object, const Texts& texts) {
  std::size_t most = 0;
  for (const auto& [name, value] : object) {
    if (is_plain(value)) most = std::max(most, width(texts.label(name)));
  }
  std::string out;
  for (const auto& [name, value] : object) {
    const std::string label = clean(texts.label(name));
    if (is_plain(value)) {
      out += label + ':' + std::string(most - std::min(most, width(label)) + 1, ' ') + cell(value, texts) + '\n';
    } else if (value.is_object() ? !value.get_object().empty() : !value.get_array().empty()) {
      out += label + ":\n" + indented(tree_of(value, texts), "  ");
    }
  }
  return out;
}

}  // namespace

std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are C2 80 to C2 9F: some terminals obey them.
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    if (c == '\n' || c == '\r' || c == '\t') {
      out += ' ';
    } else {
      out += c < 0x20 || c == 0x7F || c1 ? '?' : text[i];
    }
  }
  return out;
}

std::string shorten(std::string_view text, std::size_t most) {
  if (width(text) <= most) return std::string(text);
  std::size_t points = 0;
  std::size_t end = 0;
  while (end < text.size() && (continues(text[end]) || points < most - 1)) points += continues(text[end++]) ? 0 : 1;
  return std::string(text.substr(0, end)) + "…";
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string cell(const json::value& value, const Texts& texts) {
  if (value.is_null()) return "-";
  if (value.is_bool()) return texts(value.get_bool() ? Text::yes : Text::no);
  if (value.is_string()) return value.get_string().empty() ? "-" : clean(std::string_view(value.get_string()));
  if (!value.is_array()) return clean(json::serialize(value));
  std::string out;
  for (const auto& item : value.get_array()) out += (out.empty() ? "" : ", ") + cell(item, texts);
  return out.empty() ? "-" : out;
}

std::string table_of(const json::array& rows, std::vector<std::string> fields, const Texts& texts) {
  if (fields.empty()) fields = plain_fields(rows);
  if (fields.empty()) return {};
  std::vector<std::string> headers;
  for (const auto& field : fields) headers.push_back(clean(texts.label(field)));
  Table table(std::move(headers));
  for (const auto& row : rows) {
    if (!row.is_object()) continue;
    std::vector<std::string> cells;
    for (const auto& field : fields) {
      const auto* value = row.get_object().if_contains(field);
      cells.push_back(value == nullptr ? "-" : shorten(cell(*value, texts), widest_cell));
    }
    table.add(std::move(cells));
  }
  return table.text();
}

std::string tree_of(const json::value& value, const Texts& texts) {
  if (value.is_object()) return lines_of(value.get_object(), texts);
  if (is_list_of_objects(value)) {
    const bool nested = std::ranges::any_of(value.get_array(), [](const json::value& row) {
      return std::ranges::any_of(row.get_object(), [](const auto& field) { return !is_plain(field.value()); });
    });
    if (!nested) return table_of(value.get_array(), {}, texts);
    std::string out;
    for (const auto& row : value.get_array()) out += (out.empty() ? "" : "\n") + lines_of(row.get_object(), texts);
    return out;
  }
  return cell(value, texts) + '\n';
}

}  // namespace iro::cli

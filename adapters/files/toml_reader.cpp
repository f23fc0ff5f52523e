#include "adapters/files/toml_reader.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace iro::files {

Result<toml::table> parse_toml(std::string_view text, std::string_view name, Errc code) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& e) {
    return fail(code, fmt::format("{}:{}: {}", name, e.source().begin.line, e.description()));
  }
}

void TomlReader::complain(const toml::node& node, const std::string& text) {
  if (complaint_.empty()) complaint_ = fmt::format("{}: {}", node.source().begin.line, text);
}

void TomlReader::only(const toml::table& table, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : table) {
    if (std::ranges::find(known, key.str()) != known.end()) continue;
    complain(value, fmt::format("unknown key '{}'; known here: {}", key.str(), fmt::join(known, ", ")));
  }
}

std::string TomlReader::text(const toml::table& table, std::string_view key, bool required) {
  const toml::node* node = table.get(key);
  if (node == nullptr) {
    if (required) complain(table, fmt::format("'{}' is missing", key));
    return "";
  }
  const auto value = node->value_exact<std::string>();
  if (!value) complain(*node, fmt::format("'{}' must be a text", key));
  if (required && value && value->empty()) complain(*node, fmt::format("'{}' is empty", key));
  return value.value_or("");
}

bool TomlReader::flag(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return false;
  if (!node->is_boolean()) complain(*node, fmt::format("'{}' must be true or false", key));
  return node->value_exact<bool>().value_or(false);
}

std::int64_t TomlReader::number(const toml::table& table, std::string_view key, std::int64_t least,
                                std::int64_t otherwise) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return otherwise;
  const auto value = node->value_exact<std::int64_t>();
  if (value && *value >= least) return *value;
  complain(*node, fmt::format("'{}' must be a number, {} or more", key, least));
  return otherwise;
}

char TomlReader::character(const toml::table& table, std::string_view key, std::string_view allowed, char otherwise) {
  const std::string value = text(table, key);
  if (value.empty()) return otherwise;
  if (value.size() == 1 && allowed.find(value[0]) != allowed.npos) return value[0];
  complain(*table.get(key), fmt::format("'{}' must be one of {}", key, allowed));
  return otherwise;
}

std::vector<std::string> TomlReader::texts(const toml::table& table, std::string_view key) {
  std::vector<std::string> out;
  const toml::node* node = table.get(key);
  if (node == nullptr) return out;
  const toml::array* list = node->as_array();
  if (list == nullptr) complain(*node, fmt::format("'{}' must be a list of texts", key));
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const toml::node& item = *list->get(i);
    if (!item.is_string()) complain(item, fmt::format("'{}' must be a list of texts", key));
    out.push_back(item.value_exact<std::string>().value_or(""));
  }
  return out;
}

const toml::table* TomlReader::section(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  if (node != nullptr && !node->is_table()) complain(*node, fmt::format("'{}' must be a table", key));
  return node == nullptr ? nullptr : node->as_table();
}

std::vector<const toml::table*> TomlReader::sections(const toml::table& table, std::string_view key) {
  std::vector<const toml::table*> out;
  const toml::node* node = table.get(key);
  if (node == nullptr) return out;
  if (!node->is_array()) complain(*node, fmt::format("'{}' is written [[{}]]", key, key));
  for (std::size_t i = 0; node->is_array() && i < node->as_array()->size(); ++i) {
    const toml::node& item = *node->as_array()->get(i);
    if (!item.is_table()) complain(item, fmt::format("'{}' is written [[{}]]", key, key));
    if (item.is_table()) out.push_back(item.as_table());
  }
  return out;
}

}  // namespace iro::files

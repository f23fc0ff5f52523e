#include "hub/reaction/setting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "hub/schema/json.hpp"

namespace iro::reaction {
namespace {

constexpr std::array<std::pair<std::string_view, SettingType>, 5> types{{{"integer", SettingType::integer},
                                                                         {"number", SettingType::number},
                                                                         {"text", SettingType::text},
                                                                         {"boolean", SettingType::boolean},
                                                                         {"list", SettingType::list}}};

std::string_view name_of(SettingType type) {
  return std::ranges::find(types, type, &decltype(types)::value_type::second)->first;
}

/// Characters, not bytes.
double length_of(std::string_view text) {
  return static_cast<double>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// What min and max are compared with.
double measure(const SettingValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return length_of(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return static_cast<double>(list->size());
  return 0;
}

std::string what_is_allowed(const Setting& setting) {
  std::string out;
  switch (setting.type) {
    case SettingType::integer:
      out = "a whole number";
      break;
    case SettingType::number:
      out = "a number";
      break;
    case SettingType::text:
      out = "a text";
      break;
    case SettingType::boolean:
      return "true or false";
    case SettingType::list:
      out = "a list of texts";
      break;
  }
  const std::string_view unit = setting.type == SettingType::text   ? " characters"
                                : setting.type == SettingType::list ? " items"
                                                                    : "";
  if (setting.min && setting.max) return fmt::format("{}, {} to {}{}", out, *setting.min, *setting.max, unit);
  if (setting.min) return fmt::format("{}, {}{} or more", out, *setting.min, unit);
  if (setting.max) return fmt::format("{}, {}{} or less", out, *setting.max, unit);
  return out;
}

boost::json::value json_of(const SettingValue& value) {
  return std::visit(
      [](const auto& v) -> boost::json::value {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::vector<std::string>>) {
          return boost::json::array(v.begin(), v.end());
        } else {
          return boost::json::value(v);
        }
      },
      value);
}

std::map<SettingType, SettingValue> values_of(const boost::json::value& json) {
  std::map<SettingType, SettingValue> out;
  if (json.is_bool()) out[SettingType::boolean] = json.get_bool();
  if (json.is_string()) out[SettingType::text] = std::string(json.get_string());
  if (json.is_int64()) {
    out[SettingType::integer] = json.get_int64();
    out[SettingType::number] = static_cast<double>(json.get_int64());
  }
  if (json.is_double()) out[SettingType::number] = json.get_double();
  if (json.is_array() && std::ranges::all_of(json.get_array(), &boost::json::value::is_string)) {
    std::vector<std::string> list;
    for (const auto& element : json.get_array()) list.emplace_back(element.get_string());
    out[SettingType::list] = std::move(list);
  }
  return out;
}

}  // namespace

std::optional<SettingType> setting_type_from(std::string_view word) {
  for (const auto& [name, type] : types) {
    if (name == word) return type;
  }
  return std::nullopt;
}

std::string setting_type_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, type] : types) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::optional<SettingValue> value_of(const toml::node& node, SettingType type) {
  switch (type) {
    case SettingType::integer:
      if (const auto v = node.value_exact<std::int64_t>()) return SettingValue(*v);
      return std::nullopt;
    case SettingType::number:
      if (node.is_number()) return SettingValue(*node.value<double>());
      return std::nullopt;
    case SettingType::boolean:
      if (const auto v = node.value_exact<bool>()) return SettingValue(*v);
      return std::nullopt;
    case SettingType::text:
      if (const auto v = node.value_exact<std::string>()) return SettingValue(*v);
      return std::nullopt;
    case SettingType::list:
      break;
  }
  const auto* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> list;
  for (const toml::node& element : *array) {
    const auto v = element.value_exact<std::string>();
    if (!v) return std::nullopt;
    list.push_back(*v);
  }
  return SettingValue(std::move(list));
}

std::string wrong_type(const Setting& setting) { return fmt::format("must be {}", what_is_allowed(setting)); }

std::string misfit(const Setting& setting, const SettingValue& value) {
  const double size = measure(value);
  const bool fits =
      std::isfinite(size) && (!setting.min || size >= *setting.min) && (!setting.max || size <= *setting.max);
  return fits || setting.type == SettingType::boolean ? "" : wrong_type(setting);
}

iro::Result<std::vector<Given>> given_from_toml(std::string_view text, const std::string& name) {
  std::vector<Given> out;
  try {
    for (const auto& [key, node] : toml::parse(text, name)) {
      Given given{fmt::format("{}:{}", name, node.source().begin.line), std::string(key.str()), {}};
      for (const auto& [word, type] : types) {
        if (auto value = value_of(node, type)) given.values.emplace(type, std::move(*value));
      }
      out.push_back(std::move(given));
    }
  } catch (const toml::parse_error& e) {
    return fail(Errc::config_invalid, fmt::format("{}:{}: {}", name, e.source().begin.line, e.description()));
  }
  return out;
}

iro::Result<std::vector<Given>> given_from_json(std::string_view text, const std::string& name) {
  const auto json = schema::parse_json(text);
  if (!json) return fail(Errc::config_invalid, fmt::format("{}: {}", name, json.error().message));
  if (!json->is_object()) return fail(Errc::config_invalid, fmt::format("{}: settings are a JSON object", name));
  std::vector<Given> out;
  for (const auto& [key, value] : json->get_object()) out.push_back({name, std::string(key), values_of(value)});
  return out;
}

iro::Result<std::string> merge(const std::vector<Setting>& settings, std::vector<Given> given) {
  std::vector<std::string> problems;
  std::map<std::string, SettingValue> chosen;
  for (Given& one : given) {
    const auto setting = std::ranges::find(settings, one.name, &Setting::name);
    if (setting == settings.end()) {
      std::vector<std::string> known;
      for (const Setting& s : settings) known.push_back(fmt::format("{} ({})", s.name, name_of(s.type)));
      problems.push_back(
          known.empty()
              ? fmt::format("{}: unknown setting '{}'; this plugin has none", one.where, one.name)
              : fmt::format("{}: unknown setting '{}'; there are: {}", one.where, one.name, fmt::join(known, ", ")));
      continue;
    }
    const auto value = one.values.find(setting->type);
    const std::string why = value == one.values.end() ? wrong_type(*setting) : misfit(*setting, value->second);
    if (!why.empty()) {
      problems.push_back(fmt::format("{}: '{}' {}", one.where, one.name, why));
    } else {
      chosen.insert_or_assign(one.name, std::move(value->second));
    }
  }
  if (!problems.empty()) return fail(Errc::config_invalid, fmt::format("{}", fmt::join(problems, "\n")));
  boost::json::object out;
  for (const Setting& setting : settings) {
    const auto at = chosen.find(setting.name);
    out.emplace(setting.name, json_of(at == chosen.end() ? setting.otherwise : at->second));
  }
  return boost::json::serialize(out);
}

}  // namespace iro::reaction

// hub/reaction/setting.hpp: the operator's settings of one plugin: read, checked against its manifest, written as JSON.
//
// The inner part of manifest.hpp; nobody else includes it. Values.
#pragma once

#include <toml++/toml.h>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/reaction/manifest.hpp"

namespace iro::reaction {

std::optional<SettingType> setting_type_from(std::string_view word);
/// "integer, number, text, boolean, list"
std::string setting_type_names();

/// The value as the type asks for it; nothing when it is of another one. An integer is a number too.
std::optional<SettingValue> value_of(const toml::node& node, SettingType type);
/// "must be a whole number, 1 to 52": what is wrong with a value of another type.
std::string wrong_type(const Setting& setting);
/// What is wrong with a value of the right type; "" when nothing is.
std::string misfit(const Setting& setting, const SettingValue& value);

/// A setting as the operator gave it.
struct Given {
  std::string where;  // "file:line", or "file"
  std::string name;
  // One for each type that it could be meant as.
  std::map<SettingType, SettingValue> values;
};
iro::Result<std::vector<Given>> given_from_toml(std::string_view text, const std::string& name);
iro::Result<std::vector<Given>> given_from_json(std::string_view text, const std::string& name);

/// All settings in the manifest's order, as a JSON object. All problems stand in the message.
iro::Result<std::string> merge(const std::vector<Setting>& settings, std::vector<Given> given);

}  // namespace iro::reaction

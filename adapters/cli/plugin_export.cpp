#include "adapters/cli/plugin_export.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "adapters/cli/table.hpp"
#include "hub/base/clock.hpp"

namespace iro::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view our_types = "nl.placements.";

std::string text(const json::object& from, std::string_view field) {
  const auto* value = from.if_contains(field);
  return value != nullptr && value->is_string() ? clean(std::string(value->get_string())) : std::string();
}

std::string short_name(std::string type) {
  if (type.starts_with(our_types)) type.erase(0, our_types.size());
  if (type.ends_with(".v1")) type.erase(type.size() - 3);
  return type;
}

std::string members_of(const json::object& quarantine) {
  std::string out;
  for (const json::value& one : quarantine.at("members").as_array()) {
    const json::object& member = one.as_object();
    out += "member " + text(member, "member");
    for (const json::value& role : member.at("roles").as_array()) out += " " + std::string(role.as_string());
    out += '\n';
    if (const json::array& branches = member.at("branches").as_array(); !branches.empty())
      out += fmt::format("operate hub.member-changed {}\n",
                         json::serialize(json::object{{"member", member.at("member")}, {"branches", branches}}));
  }
  return out;
}

/// One event; `now` is the moment that the scenario has come to.
std::string lines_of(const json::object& event, std::optional<TimeMs>& now) {
  std::string out;
  const std::string type = short_name(text(event, "type"));
  const auto recorded = parse_time(text(event, "recorded"));
  if (recorded && now && *recorded > *now) out += fmt::format("advance {}ms\n", recorded->value() - now->value());
  if (recorded) now = recorded;
  const std::string sender = text(event, "sender");
  const auto* data = event.if_contains("data");
  if (sender.empty() || data == nullptr) {
    const std::string rule = text(event, "rule");
    return out + fmt::format("# {}: {}\n", type,
                             data == nullptr ? "its content is gone"
                                             : "said by the rule " + rule + ": " + json::serialize(*data));
  }
  return out +
         fmt::format("client {}\npublish {} {} {}\nexpect accepted\n", sender, sender, type, json::serialize(*data));
}

}  // namespace

std::string scenario_of(const std::string& plugin, const std::string& why, const json::object& quarantine) {
  const json::array& events = quarantine.at("events").as_array();
  std::string out = fmt::format(
      "# {} failed on the last event of this file{}{}.\n"
      "# Persons, texts that somebody typed and documents are references (reference-0001, ...): the same for the "
      "same.\n"
      "# What it kept is not here: it follows from the events. If it has settings, give them in a line `settings "
      "{{...}}`\n"
      "# behind `at`. Run it with: iro-plugin test FOLDER THIS-FILE\n",
      plugin, why.empty() ? "" : ": ", clean(why));
  std::optional<TimeMs> now;
  if (!events.empty()) now = parse_time(text(events.front().as_object(), "recorded"));
  if (now) out += fmt::format("at {}\n", format_time(*now));
  out += members_of(quarantine);
  for (const json::value& event : events) out += lines_of(event.as_object(), now);
  return out;
}

}  // namespace iro::cli

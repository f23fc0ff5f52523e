// iro-plugin info: what a plugin says of itself, in plugin.toml and in its object.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>

#include "plugins/host/object.hpp"
#include "plugins/tool/child.hpp"
#include "plugins/tool/commands.hpp"
#include "plugins/tool/plugin_folder.hpp"

namespace iro::tool {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr seconds look_limit{5};

/// The object's entry as JSON. In the child.
std::string read_entry(const std::filesystem::path& object) {
  const auto entry = host::load_object(object);
  if (!entry) return json::serialize(json::object{{"error", entry.error().message}});
  const iro_entry& e = **entry;
  const auto text = [](const char* of) { return std::string(of == nullptr ? "" : of); };
  json::array interfaces;
  for (const char* id : {IRO_RULE_1, IRO_VIEWS_1, IRO_SELFTEST_1}) {
    if (e.query != nullptr && e.query(id) != nullptr) interfaces.emplace_back(id);
  }
  return json::serialize(json::object{{"id", text(e.id)},
                                      {"version", text(e.version)},
                                      {"abi", fmt::format("{}.{}", e.abi_major, e.abi_minor)},
                                      {"size", e.size},
                                      {"interfaces", std::move(interfaces)}});
}

json::value entry_of(const reaction::Manifest& manifest) {
  const auto end = in_child(look_limit, [&] { return read_entry(manifest.object); });
  if (!end) return json::object{{"error", end.error().text()}};
  return end->answered ? json::parse(end->text) : json::object{{"error", end->text}};
}

json::value json_of(const reaction::SettingValue& value) {
  return std::visit(
      [](const auto& v) -> json::value {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::vector<std::string>>) {
          return json::array(v.begin(), v.end());
        } else {
          return json::value(v);
        }
      },
      value);
}

json::array texts(const std::vector<std::string>& from) {
  json::array out(from.begin(), from.end());
  return out;
}

json::object setting_of(const reaction::Setting& setting) {
  constexpr std::string_view types[] = {"integer", "number", "text", "boolean", "list"};
  json::object out{{"name", setting.name},
                   {"type", types[static_cast<std::size_t>(setting.type)]},
                   {"default", json_of(setting.otherwise)},
                   {"nl", setting.nl},
                   {"en", setting.en}};
  if (setting.min) out.emplace("min", *setting.min);
  if (setting.max) out.emplace("max", *setting.max);
  return out;
}

json::object info_of(const reaction::Manifest& m, json::value entry) {
  json::array settings;
  json::array views;
  json::array schemas;
  for (const auto& setting : m.settings) settings.push_back(setting_of(setting));
  for (const auto& view : m.spec.views)
    views.push_back(json::object{{"name", view.name}, {"kind", view.kind}, {"nl", view.nl}, {"en", view.en}});
  for (const auto& file : m.schemas) schemas.emplace_back(file.filename().string());
  constexpr std::string_view words[] = {"hold", "reject", "pass"};
  json::object budget{{"memory_mib", m.memory_mib}, {"event_ms", m.event_ms}, {"state_mib", m.spec.state_bytes >> 20}};
  return {{"id", m.spec.id},
          {"version", m.version},
          {"abi", fmt::format("{}.{}", m.abi_major, m.abi_minor)},
          {"nl", m.nl},
          {"en", m.en},
          {"judges", texts(m.spec.judges)},
          {"reacts", texts(m.spec.reacts)},
          {"emits", texts(m.spec.emits)},
          {"on_unavailable", words[static_cast<std::size_t>(m.spec.on_unavailable)]},
          {"schemas", std::move(schemas)},
          {"budget", std::move(budget)},
          {"settings", std::move(settings)},
          {"views", std::move(views)},
          {"object", m.object.filename().string()},
          {"sha256", to_hex(m.sha256)},
          {"sealed", reaction::check_object(m).has_value()},
          {"entry", std::move(entry)}};
}

std::string list_of(const std::vector<std::string>& names) {
  return names.empty() ? "-" : fmt::format("{}", fmt::join(names, "\n            "));
}

std::string entry_line(const json::value& entry) {
  const json::object& e = entry.as_object();
  if (const auto* error = e.if_contains("error")) return std::string(error->as_string());
  std::string interfaces;
  for (const json::value& id : e.at("interfaces").as_array()) interfaces += " " + std::string(id.as_string());
  return fmt::format("{} {}, ABI {},{}", e.at("id").as_string().c_str(), e.at("version").as_string().c_str(),
                     e.at("abi").as_string().c_str(), interfaces);
}

void print(const reaction::Manifest& m, const json::object& info) {
  const auto line = [](std::string_view name, std::string_view text) { fmt::print("{:<11} {}\n", name, text); };
  line(m.spec.id, fmt::format("{}: {} / {}", m.version, m.nl, m.en));
  line("judges", list_of(m.spec.judges));
  line("reacts", list_of(m.spec.reacts));
  line("emits", list_of(m.spec.emits));
  line("budget", fmt::format("{} ms an event, {} MiB of memory, {} MiB of state", m.event_ms, m.memory_mib,
                             m.spec.state_bytes >> 20));
  for (const json::value& setting : info.at("settings").as_array()) {
    const json::object& s = setting.as_object();
    std::string range;
    for (const char* bound : {"min", "max"}) {
      if (const auto* value = s.if_contains(bound)) range += fmt::format(", {} {}", bound, value->as_double());
    }
    line("setting",
         fmt::format("{} ({}, default {}{}): {}", s.at("name").as_string().c_str(), s.at("type").as_string().c_str(),
                     json::serialize(s.at("default")), range, s.at("en").as_string().c_str()));
  }
  for (const auto& view : m.spec.views) line("view", fmt::format("{} ({}): {}", view.name, view.kind, view.en));
  for (const auto& file : m.schemas) line("schema", file.filename().string());
  line("sha256",
       to_hex(m.sha256) + (info.at("sealed").as_bool() ? "" : ": NOT that of the object, so no hub loads it"));
  line("its object", entry_line(info.at("entry")));
}

}  // namespace

Result<int> run(const InfoCommand& command) {
  const auto manifest = read_manifest(command.folder);
  if (!manifest) return fail(manifest.error());
  const json::object info = info_of(*manifest, entry_of(*manifest));
  if (command.json) {
    fmt::print("{}\n", json::serialize(info));
  } else {
    print(*manifest, info);
  }
  return info.at("sealed").as_bool() && !info.at("entry").as_object().contains("error") ? 0 : 1;
}

}  // namespace iro::tool

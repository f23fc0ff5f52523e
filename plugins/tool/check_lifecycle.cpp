// Group lifecycle: it starts with whatever may be set, ends, and may be there twice.
#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "plugins/host/instance.hpp"
#include "plugins/host/object.hpp"
#include "plugins/tool/checks.hpp"
#include "plugins/tool/child.hpp"

namespace iro::tool {
namespace {

namespace json = boost::json;
using reaction::Setting;
using reaction::SettingType;
using std::chrono::seconds;

constexpr seconds look_limit{5};
constexpr std::array<std::string_view, 5> names = {"start", "settings", "wrong_settings", "destroy", "second"};

/// A process that ended is worse than one that says why it cannot start.
CheckSays could_not(const Status& started, std::string_view what) {
  const std::string& why = started.error().message;
  const bool crash = why.starts_with("killed") || why.starts_with("ended") || why.starts_with("not ready");
  return {crash ? CheckResult::crashed : CheckResult::failed, fmt::format("{}: {}", what, why)};
}

Status start_with(const CheckTarget& target, const std::string& config) {
  scenario::RealPlugin real = target.folder.real(target.host);
  real.plugin.config = config;
  return scenario::PluginProcess(std::move(real)).start();
}

std::string with(const std::string& config, const std::string& name, json::value value) {
  json::value all = json::parse(config);
  all.as_object().insert_or_assign(name, std::move(value));
  return json::serialize(all);
}

/// The values at the edges of what the manifest allows.
std::vector<json::value> edges(const Setting& setting) {
  if (setting.type == SettingType::boolean) return {false, true};
  std::vector<json::value> out;
  out.reserve(2);
  for (const auto& bound : {setting.min, setting.max}) {
    if (!bound) continue;
    const auto size = static_cast<std::size_t>(std::max(0.0, std::ceil(*bound)));
    if (setting.type == SettingType::integer) {
      out.emplace_back(static_cast<std::int64_t>(*bound));
    } else if (setting.type == SettingType::number) {
      out.emplace_back(*bound);
    } else if (setting.type == SettingType::text && size <= 65'536) {
      out.emplace_back(std::string(size, 'a'));
    } else if (setting.type == SettingType::list && size <= 4'096) {
      out.emplace_back(json::array(size, "a"));
    }
  }
  return out;
}

CheckSays look_at_settings(const CheckTarget& target) {
  const auto& settings = target.folder.manifest.settings;
  if (settings.empty()) return {CheckResult::skipped, "it has no settings"};
  for (const Setting& setting : settings) {
    for (const json::value& value : edges(setting)) {
      const std::string shown = json::serialize(value).substr(0, 80);
      const Status started = start_with(target, with(target.folder.config, setting.name, value));
      if (started) continue;
      CheckSays says = could_not(started, fmt::format("with {} = {}, which plugin.toml allows", setting.name, shown));
      // min and max say nothing of what a text must mean.
      const bool worded = setting.type == SettingType::text || setting.type == SettingType::list;
      if (worded && says.result == CheckResult::failed) says.result = CheckResult::warning;
      return says;
    }
  }
  return {};
}

CheckSays look_at_wrong_settings(const CheckTarget& target) {
  const auto& settings = target.folder.manifest.settings;
  if (settings.empty()) return {CheckResult::skipped, "it has no settings"};
  for (const std::string& config :
       {std::string("["), with(target.folder.config, settings.front().name, json::object())}) {
    const Status started = start_with(target, config);
    if (started)
      return {CheckResult::warning,
              fmt::format("create() takes the settings {} without a word: the hub never gives such, but a host of "
                          "another version might; return IRO_INVALID",
                          config)};
    CheckSays says = could_not(started, fmt::format("with the settings {}", config));
    if (says.result == CheckResult::crashed) return says;
  }
  return {};
}

/// No state: nothing is asked before an event.
class NoState final : public host::StateSource {
  std::vector<std::pair<Bytes, Bytes>> read(bool, ByteView) override { return {}; }
};

/// Makes `count` instances that are there together, and ends them. "" or why not. In the child.
std::string make_and_end(const PluginFolder& folder, std::size_t count) {
  const auto entry = host::load_object(folder.manifest.object);
  if (!entry) return entry.error().message;
  NoState nothing;
  std::vector<std::unique_ptr<host::Instance>> all;
  all.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    host::InstanceOptions options;
    options.config = folder.config;
    auto made = host::Instance::create(**entry, std::move(options), *folder.types, nothing);
    if (!made) return fmt::format("instance {}: {}", i + 1, made.error().message);
    all.push_back(std::move(*made));
  }
  return "";
}

CheckSays look_at_instances(const CheckTarget& target, std::size_t count, std::string_view advice) {
  const auto end = in_child(look_limit, [&] { return make_and_end(target.folder, count); });
  if (!end) return {CheckResult::failed, end.error().text()};
  if (!end->answered) return {CheckResult::crashed, fmt::format("{}: {}", end->text, advice)};
  if (end->text.empty()) return {};
  return {CheckResult::failed, fmt::format("{}: {}", end->text, advice)};
}

}  // namespace

bool check_lifecycle(const CheckTarget& target, CheckReport& report) {
  const bool started = report.add("lifecycle", names[0], [&] {
    const Status status = start_with(target, target.folder.config);
    return status ? CheckSays{} : could_not(status, "with the default settings it does not start");
  });
  if (!started) {
    for (std::size_t i = 1; i < names.size(); ++i) report.skip("lifecycle", names[i], "it does not start");
    return false;
  }
  report.add("lifecycle", names[1], [&] { return look_at_settings(target); });
  report.add("lifecycle", names[2], [&] { return look_at_wrong_settings(target); });
  report.add("lifecycle", names[3],
             [&] { return look_at_instances(target, 1, "destroy() frees what create() made, and nothing else"); });
  report.add("lifecycle", names[4], [&] {
    return look_at_instances(target, 2, "two instances may be there at once: keep everything behind `self`");
  });
  return true;
}

void skip_lifecycle(CheckReport& report, std::string_view why) {
  for (const std::string_view name : names) report.skip("lifecycle", name, why);
}

}  // namespace iro::tool

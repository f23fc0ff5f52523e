// plugins/tool/checks.hpp: the checks of `iro-plugin check`, a group a function.
//
// A group adds its checks to the report, all of them in every run: what cannot be
// looked at because something before it did not hold is skipped, and says so. Code
// of the plugin runs in iro-plugin-host, or in in_child(), never in this process.
#pragma once

#include <optional>

#include "plugins/tool/check_report.hpp"
#include "plugins/tool/plugin_folder.hpp"

namespace iro::tool {

struct CheckTarget {
  const PluginFolder& folder;
  std::filesystem::path host;
};

/// What stands in the folder. Nothing when it cannot be opened as a plugin; nothing of it was run for that.
std::optional<PluginFolder> check_files(const std::filesystem::path& folder, CheckReport& report);
/// The object's own entry is that of plugin.toml. False: it is not worth starting.
bool check_entry(const CheckTarget& target, CheckReport& report);
/// It starts, with whatever may be set, and ends. False: events need not be tried.
bool check_lifecycle(const CheckTarget& target, CheckReport& report);
/// It handles what it says that it hears. False: comparing what it does has no point.
bool check_behaviour(const CheckTarget& target, CheckReport& report);
/// It does the same again.
void check_determinism(const CheckTarget& target, CheckReport& report);
/// Its own test.
void check_selftest(const CheckTarget& target, CheckReport& report);

// What could not be looked at, each group's checks by name.
void skip_entry(CheckReport& report, std::string_view why);
void skip_lifecycle(CheckReport& report, std::string_view why);
void skip_behaviour(CheckReport& report, std::string_view why);
void skip_determinism(CheckReport& report, std::string_view why);
void skip_selftest(CheckReport& report, std::string_view why);

}  // namespace iro::tool

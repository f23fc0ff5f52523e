// iro-plugin check: every check in every run; what one group needs of the one before is said.
#include <fmt/format.h>

#include <fstream>

#include "plugins/tool/checks.hpp"
#include "plugins/tool/commands.hpp"
#include "plugins/tool/places.hpp"

namespace iro::tool {
namespace {

void check_all(const std::optional<PluginFolder>& folder, const std::filesystem::path& host, CheckReport& report) {
  std::string_view why = "the folder does not hold a plugin as it should be";
  bool entry = false;
  bool lifecycle = false;
  bool behaviour = false;
  if (folder) {
    entry = check_entry({*folder, host}, report);
    why = "the entry does not hold";
  } else {
    skip_entry(report, why);
  }
  if (entry) {
    lifecycle = check_lifecycle({*folder, host}, report);
    why = "it does not start";
  } else {
    skip_lifecycle(report, why);
  }
  if (lifecycle) {
    behaviour = check_behaviour({*folder, host}, report);
  } else {
    skip_behaviour(report, why);
  }
  if (behaviour) {
    check_determinism({*folder, host}, report);
  } else {
    skip_determinism(report, lifecycle ? "its behaviour does not hold" : why);
  }
  if (entry) {
    check_selftest({*folder, host}, report);
  } else {
    skip_selftest(report, why);
  }
}

}  // namespace

Result<int> run(const CheckCommand& command) {
  const auto host = plugin_host();
  if (!host) return fail(host.error());
  CheckReport report;
  const auto folder = check_files(command.folder, report);
  check_all(folder, *host, report);
  const std::string plugin =
      folder ? fmt::format("{} {}", folder->manifest.spec.id, folder->manifest.version) : command.folder.string();
  fmt::print("{}", command.json ? report.json(plugin) : report.text(plugin));
  if (!command.junit.empty()) {
    std::ofstream out(command.junit, std::ios::binary);
    out << report.junit(plugin);
    out.close();
    if (!out) return fail(Errc::io, fmt::format("{}: cannot be written", command.junit.string()));
  }
  return report.good() ? 0 : 1;
}

}  // namespace iro::tool

#include "plugins/tool/places.hpp"

#include <fmt/format.h>

namespace iro::tool {
namespace fs = std::filesystem;
namespace {

fs::path program_folder() {
  std::error_code ec;
  return fs::read_symlink("/proc/self/exe", ec).parent_path();
}

}  // namespace

Result<fs::path> plugin_host() {
  const fs::path here = program_folder();
  fs::path beside = here / "iro-plugin-host";
  fs::path installed = here.parent_path() / "lib/iro-plugin-dev/iro-plugin-host";
  std::error_code ec;
  if (fs::exists(beside, ec)) return beside;
  if (fs::exists(installed, ec)) return installed;
  return fail(Errc::not_found, fmt::format("iro-plugin-host is neither {} nor {}: install the whole of iro-plugin-dev",
                                           beside.string(), installed.string()));
}

Result<fs::path> rule_template() {
  fs::path folder = program_folder().parent_path() / "share/iro/template";
  std::error_code ec;
  if (fs::exists(folder / "plugin.toml", ec)) return folder;
  return fail(Errc::not_found,
              fmt::format("there is no template in {}: install the whole of iro-plugin-dev", folder.string()));
}

}  // namespace iro::tool

// Group file: what can be known of a plugin without running any of it.
#include <fmt/format.h>

#include "hub/base/limits.hpp"
#include "plugins/tool/checks.hpp"

namespace iro::tool {
namespace fs = std::filesystem;
namespace {

CheckSays failed(std::string what) { return {CheckResult::failed, std::move(what)}; }
CheckSays of(const Status& status) { return status ? CheckSays{} : failed(status.error().message); }

CheckSays look_at_size(const fs::path& object) {
  std::error_code ec;
  const auto size = fs::file_size(object, ec);
  if (ec) return failed(fmt::format("{}: {}: build it again", object.string(), ec.message()));
  if (size > limits::plugin_object_bytes)
    return failed(fmt::format("the object has {} bytes, and {} at most are loaded: build it without debug information",
                              size, limits::plugin_object_bytes));
  if (size > limits::plugin_object_bytes / 4)
    return {CheckResult::warning,
            fmt::format("the object has {} MiB, which are hashed and copied at each start: strip it", size >> 20)};
  return {};
}

}  // namespace

std::optional<PluginFolder> check_files(const fs::path& folder, CheckReport& report) {
  constexpr std::string_view group = "file";
  const auto skip_rest = [&](std::initializer_list<std::string_view> names, std::string_view why) {
    for (const std::string_view name : names) report.skip(group, name, why);
    return std::nullopt;
  };
  std::error_code ec;
  if (!report.add(group, "folder", [&] {
        return fs::exists(folder, ec) ? CheckSays{} : failed(fmt::format("{} is not there", folder.string()));
      }))
    return skip_rest({"manifest", "object", "size", "sha256", "schemas", "types"}, "there is no folder");
  auto manifest = read_manifest(folder);
  if (!report.add(group, "manifest", [&] { return of(manifest ? Status() : fail(manifest.error())); }))
    return skip_rest({"object", "size", "sha256", "schemas", "types"}, "plugin.toml cannot be read");
  if (!report.add(group, "object", [&] {
        return fs::is_regular_file(manifest->object, ec)
                   ? CheckSays{}
                   : failed(fmt::format("{} is not there: build it again", manifest->object.string()));
      }))
    return skip_rest({"size", "sha256", "schemas", "types"}, "there is no object");
  bool good = report.add(group, "size", [&] { return look_at_size(manifest->object); });
  good = report.add(group, "sha256", [&] { return of(reaction::check_object(*manifest)); }) && good;
  auto schemas = reaction::read_schemas(*manifest);
  auto types = schemas ? types_with(*schemas) : fail(schemas.error());
  if (!report.add(group, "schemas", [&] { return of(types ? Status() : fail(types.error())); }))
    return skip_rest({"types"}, "the event types that it brings cannot be read");
  good = report.add(group, "types", [&] { return of(reaction::check_types(*manifest, **types)); }) && good;
  auto config = reaction::config_json(*manifest, "", "");
  if (!good || !config) return std::nullopt;
  return PluginFolder{std::move(*manifest), std::move(*schemas), std::move(*types), std::move(*config)};
}

}  // namespace iro::tool

// iro-plugin test: scenario files with the real plugin, in a real process, at a hub in memory.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "plugins/scenario/runner.hpp"
#include "plugins/scenario/script.hpp"
#include "plugins/tool/commands.hpp"
#include "plugins/tool/places.hpp"
#include "plugins/tool/plugin_folder.hpp"

namespace iro::tool {
namespace {

using scenario::RunOptions;

/// Where two runs part; "" when they do not.
std::string difference(const std::vector<std::string>& first, const std::vector<std::string>& other) {
  const auto [a, b] = std::ranges::mismatch(first, other);
  if (a == first.end() && b == other.end()) return "";
  return fmt::format("answer {}\n    at first: {}\n    then: {}", a - first.begin() + 1,
                     a == first.end() ? "(none)" : *a, b == other.end() ? "(none)" : *b);
}

/// Once more and once more: the same statements hold and the plugin answers the same.
bool repeats(const std::string& file, const std::string& text, const RunOptions& options, const scenario::Run& first,
             std::uint32_t times) {
  for (std::uint32_t again = 2; again <= times; ++again) {
    const auto run = scenario::run(text, options);
    std::string why = difference(first.answers, run.answers);
    if (run.finding) why = scenario::shown_at(file, text, run.finding->line, run.finding->what);
    if (why.empty()) continue;
    fmt::print("not ok - {}: run {} of {} differs: something is kept outside state, or is random: {}\n", file, again,
               times, why);
    return false;
  }
  return true;
}

Result<bool> holds(const std::filesystem::path& path, const TestCommand& command, const RunOptions& options) {
  const auto text = read_text(path);
  if (!text) return fail(text.error());
  const std::string file = path.string();
  const auto run = scenario::run(*text, options);
  if (run.finding) {
    fmt::print("not ok - {}\n", scenario::shown_at(file, *text, run.finding->line, run.finding->what));
    return false;
  }
  if (run.corrected > 0) {
    std::ofstream out(path, std::ios::binary);
    out << run.text;
    out.close();
    if (!out) return fail(Errc::io, fmt::format("{}: cannot be written", file));
    fmt::print("ok - {}: {} statements hold, {} of them corrected: read the difference before you keep it\n", file,
               run.statements, run.corrected);
    return true;
  }
  if (!repeats(file, *text, options, run, command.repeat)) return false;
  fmt::print("ok - {}: {} statements hold{}\n", file, run.statements,
             command.repeat > 1 ? fmt::format(", {} times the same", command.repeat) : "");
  return true;
}

}  // namespace

Result<int> run(const TestCommand& command) {
  const auto folder = open_folder(command.folder, command.settings);
  if (!folder) return fail(folder.error());
  const auto host = plugin_host();
  if (!host) return fail(host.error());
  RunOptions options;
  options.plugins.push_back(folder->real(*host));
  std::vector<Bytes> schemas = folder->schemas;
  for (const auto& other : command.with) {
    const auto beside = open_folder(other);
    if (!beside) return fail(beside.error());
    options.plugins.push_back(beside->real(*host));
    schemas.insert(schemas.end(), beside->schemas.begin(), beside->schemas.end());
  }
  const auto types = types_with(schemas);
  if (!types) return fail(types.error());
  options.types = types->get();
  options.update = command.update;
  bool all = true;
  for (const auto& file : command.files) {
    const auto held = holds(file, command, options);
    if (!held) return fail(held.error());
    all = *held && all;
  }
  return all ? 0 : 1;
}

}  // namespace iro::tool

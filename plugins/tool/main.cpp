// iro-plugin: a plugin made, looked at, checked, tested and measured by its author.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>

#include "plugins/tool/commands.hpp"

namespace {

using namespace iro;
using namespace iro::tool;

constexpr int usage = 2;
std::function<Result<int>()> chosen;

/// The sub-command `name`, which runs its options struct when it was named.
template <typename Command>
std::pair<CLI::App*, std::shared_ptr<Command>> add(CLI::App& app, const char* name, const char* about) {
  CLI::App* sub = app.add_subcommand(name, about);
  auto command = std::make_shared<Command>();
  sub->callback([command] { chosen = [command] { return run(*command); }; });
  return {sub, command};
}

void add_new(CLI::App& app) {
  CLI::App* parent = app.add_subcommand("new", "a complete project of a new plugin");
  parent->require_subcommand(1);
  const auto [sub, command] = add<NewCommand>(*parent, "rule", "a rule: it judges and answers events");
  sub->add_option("NAME", command->name, "2 to 40 of a-z, 0-9 and -, a letter first")->required();
  sub->add_option("--dir", command->dir, "the folder that is made (default: NAME)");
}

constexpr const char* a_folder = "the built plugin: build/dev/plugins/NAME";

void add_info(CLI::App& app) {
  const auto [sub, command] = add<InfoCommand>(app, "info", "what it says of itself");
  sub->add_option("FOLDER", command->folder, a_folder)->required();
  sub->add_flag("--json", command->json, "for programs");
}

void add_check(CLI::App& app) {
  const auto [sub, command] =
      add<CheckCommand>(app, "check", "whether a hub can live with it, and an operator trust it");
  sub->add_option("FOLDER", command->folder, a_folder)->required();
  sub->add_flag("--json", command->json, "for programs");
  sub->add_option("--junit", command->junit, "write the result as JUnit XML, too");
}

void add_test(CLI::App& app) {
  const auto [sub, command] = add<TestCommand>(app, "test", "scenario files, with the plugin in a real process");
  sub->add_option("FOLDER", command->folder, a_folder)->required();
  sub->add_option("FILE", command->files, "NAME.scenario")->required();
  sub->add_option("--settings", command->settings, "the settings of the plugin, as the operator writes them");
  sub->add_option("--with", command->with, "the folder of another plugin that runs beside it; once for each")
      ->allow_extra_args(false);
  sub->add_flag("--update", command->update, "correct expectations that differ, in the files");
  sub->add_option("--repeat", command->repeat, "as often, each time with the same result")
      ->check(CLI::Range(1U, 10'000U));
}

void add_bench(CLI::App& app) {
  const auto [sub, command] = add<BenchCommand>(app, "bench", "what an event costs, and what its process adds");
  sub->add_option("FOLDER", command->folder, a_folder)->required();
  sub->add_option("--settings", command->settings, "the settings of the plugin, as the operator writes them");
  sub->add_option("--ms", command->ms, "how long each row is measured")->check(CLI::Range(10U, 600'000U));
  sub->add_flag("--json", command->json, "for programs");
}

int parse_and_run(int argc, char** argv) {
  CLI::App app("Write, check and test plugins of IRO hub.", "iro-plugin");
  app.require_subcommand(1);
  app.set_version_flag("--version", IRO_VERSION);
  app.footer("Exit code: 0 good, 1 the plugin is not as it should be, 2 it could not be looked at.");
  add_new(app);
  add_info(app);
  add_check(app);
  add_test(app);
  add_bench(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "iro-plugin: {}\n  iro-plugin --help\n", error.what());
    return usage;
  }
  const Result<int> code = chosen();
  if (code) return *code;
  fmt::print(stderr, "iro-plugin: {}\n", code.error().text());
  return usage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return parse_and_run(argc, argv);
  } catch (const std::exception& e) {
    std::fputs("iro-plugin: ", stderr);
    std::fputs(e.what(), stderr);
    std::fputs("\n", stderr);
    return usage;
  }
}

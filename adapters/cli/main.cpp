// iro: the hub from the command line. Parses, runs one command, and turns its end into an exit code.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "adapters/cli/command.hpp"

namespace {

using namespace iro::cli;

/// The help is in the user's language, so the language must be known before the rest is parsed.
Lang lang_of(int argc, char** argv) {
  std::string_view wish;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--lang=")) wish = word.substr(7);
    if (word == "--lang" && i + 1 < argc) wish = argv[i + 1];
  }
  return choose_lang(wish);
}

void set_up_help(CLI::App& app, const Texts& text) {
  app.option_defaults()->group(text(Text::group_options));
  app.set_help_flag("-h,--help", text(Text::opt_help));
  if (text.lang() == Lang::en) return;
  auto formatter = std::make_shared<CLI::Formatter>();
  for (const auto& [word, dutch] : {std::pair{"Usage", "Gebruik"},
                                    {"OPTIONS", "OPTIES"},
                                    {"Options", "Opties"},
                                    {"SUBCOMMAND", "OPDRACHT"},
                                    {"SUBCOMMANDS", "OPDRACHTEN"},
                                    {"Subcommands", "Opdrachten"},
                                    {"Subcommand", "Opdracht"},
                                    {"Positionals", "Argumenten"},
                                    {"POSITIONALS", "ARGUMENTEN"},
                                    {"REQUIRED", "(verplicht)"},
                                    {"Needs", "Vraagt om"},
                                    {"Excludes", "Niet samen met"}}) {
    formatter->label(word, dutch);
  }
  app.formatter(formatter);
}

void add_global_options(CLI::App& app, Context& context) {
  GlobalOptions& o = context.options;
  app.fallthrough();  // global options may stand behind the command
  app.add_flag("--json", o.json, context.text(Text::opt_json));
  app.add_option("--lang", o.lang, context.text(Text::opt_lang))->check(CLI::IsMember({"nl", "en"}));
  app.add_option("--key", o.key, context.text(Text::opt_key));
  app.add_option("--hub", o.hub, context.text(Text::opt_hub));
  app.add_option("--timeout", o.timeout_s, context.text(Text::opt_timeout))->check(CLI::PositiveNumber);
}

void add_commands(CLI::App& app, Context& context) {
  add_hub_commands(app, context);
  add_status_command(app, context);
  add_member_commands(app, context);
  add_join_command(app, context);
  add_key_commands(app, context);
  add_grant_commands(app, context);
  add_publish_command(app, context);
  add_seal_commands(app, context);
  add_tail_command(app, context);
  add_show_command(app, context);
  add_explain_commands(app, context);
  add_doctor_commands(app, context);
  add_consumer_commands(app, context);
  add_plugin_commands(app, context);
  add_what_if_command(app, context);
  add_catalogue_commands(app, context);
  add_backfill_command(app, context);
  add_subject_commands(app, context);
  add_files_commands(app, context);
  add_access_command(app, context);
}

/// The command whose help belongs to an error: the deepest one that was named.
const CLI::App& named(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
  return *at;
}

std::string path_of(const CLI::App& app) {
  return app.get_parent() == nullptr ? "iro" : path_of(*app.get_parent()) + ' ' + app.get_name();
}

int usage_error(const CLI::App& app, const CLI::ParseError& error, const Context& context) {
  fmt::print(stderr, "iro: {}\n     {}\n", error.what(), context.text(Text::see_help, path_of(named(app))));
  return Exit::usage;
}

int run(const Context& context) {
  const iro::Result<int> result = context.run();
  const bool written = std::fflush(stdout) == 0;
  if (!result) {
    context.print_error(result.error());
    return exit_of(result.error().code);
  }
  if (written) return *result;
  context.print_error({iro::Errc::io, context.text(Text::output_failed)});
  return Exit::failed;
}

}  // namespace

int main(int argc, char** argv) try {
  Context context(lang_of(argc, argv));
  CLI::App app(context.text(Text::about_iro), "iro");
  set_up_help(app, context.text);
  add_global_options(app, context);
  app.require_subcommand(1);
  app.footer(context.text(Text::footer_iro));
  add_commands(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, context);
  }
  return run(context);
} catch (const std::exception& e) {
  std::fprintf(stderr, "iro: %s\n", e.what());
  return 1;
}

// adapters/cli/command.hpp: how a sub-command is put into the command line.
//
// A command is an options struct that CLI11 fills and a function that runs
// with it after everything is parsed. Examples stand under its help.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/cli/context.hpp"

namespace iro::cli {

/// A sub-command with what it does and examples of it, one a line.
CLI::App& add_command(CLI::App& parent, const Context& context, const std::string& name, Text about,
                      std::string_view examples = {});

/// What `app` does when it is the last command named: function(context, options) -> Result<int>.
/// `options` lives as long as that can happen.
template <typename Options, typename Function>
void runs(CLI::App& app, Context& context, std::shared_ptr<Options> options, Function function) {
  app.callback([&app, &context, options = std::move(options), function] {
    if (!app.get_subcommands().empty()) return;
    context.run = [&context, options, function]() -> Result<int> { return function(context, *options); };
  });
}

// The groups, each in commands_<group>.cpp.
void add_hub_commands(CLI::App& app, Context& context);  // init, up, verify, backup, restore, resume
void add_status_command(CLI::App& app, Context& context);
void add_member_commands(CLI::App& app, Context& context);
void add_join_command(CLI::App& app, Context& context);
void add_key_commands(CLI::App& app, Context& context);
void add_seal_commands(CLI::App& app, Context& context);   // seal, open
void add_grant_commands(CLI::App& app, Context& context);  // grant, quota
void add_publish_command(CLI::App& app, Context& context);
void add_tail_command(CLI::App& app, Context& context);
void add_show_command(CLI::App& app, Context& context);
void add_access_command(CLI::App& app, Context& context);       // subject access; after any other of `subject`
void add_doctor_commands(CLI::App& app, Context& context);      // doctor, clock
void add_explain_commands(CLI::App& app, Context& context);     // explain, why-not
void add_consumer_commands(CLI::App& app, Context& context);    // consumer, replay, parked
void add_plugin_commands(CLI::App& app, Context& context);      // plugin
void add_upgrade_commands(CLI::App& plugin, Context& context);  // plugin upgrade, plugin rollback
void add_what_if_command(CLI::App& app, Context& context);      // whatif
void add_catalogue_commands(CLI::App& app, Context& context);   // types, errors
void add_backfill_command(CLI::App& app, Context& context);     // member backfill, after the member commands
void add_subject_commands(CLI::App& app, Context& context);     // subject, retention
void add_files_commands(CLI::App& app, Context& context);

}  // namespace iro::cli

// whatif: a region's own history through a changed rule, before it is switched on.
#include "adapters/cli/command.hpp"
#include "adapters/cli/what_if.hpp"

namespace iro::cli {
namespace {

Result<int> run(Context& context, const WhatIfOptions& o) {
  const auto done = what_if(context, o);
  if (!done) return fail(done.error());
  if (context.options.json) {
    context.print_json(what_if_json(*done));
  } else {
    print_what_if(context, *done);
  }
  return Exit::ok;
}

}  // namespace

void add_what_if_command(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "whatif", Text::about_what_if,
                        "iro whatif --plugin build/my-rule /var/lib/iro --since 2026-09-01\n"
                        "iro whatif --plugin build/my-rule/my-rule.so --config stricter.toml --json --hub region");
  auto o = std::make_shared<WhatIfOptions>();
  c.add_option("DIR,--home", o->hub, context.text(Text::opt_plugin_hub));
  c.add_option("--plugin", o->plugin, context.text(Text::opt_what_if_plugin))->required();
  c.add_option("--since", o->since, context.text(Text::opt_what_if_since));
  c.add_option("--until", o->until, context.text(Text::opt_what_if_until));
  c.add_option("--config", o->config, context.text(Text::opt_what_if_config));
  c.add_option("--limit", o->examples, context.text(Text::opt_what_if_limit))->capture_default_str();
  c.add_flag("--from-the-beginning", o->from_the_beginning, context.text(Text::opt_what_if_all));
  runs(c, context, o, run);
}

}  // namespace iro::cli

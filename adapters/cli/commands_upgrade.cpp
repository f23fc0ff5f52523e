// plugin upgrade, plugin rollback: what another version would have done, then the switch, and the way back.
#include "adapters/cli/command.hpp"
#include "adapters/cli/what_if.hpp"
#include "hub/daemon/home.hpp"
#include "hub/daemon/plugin_place.hpp"
#include "hub/reaction/manifest.hpp"

namespace iro::cli {
namespace {

struct UpgradeOptions {
  std::string plugin;
  WhatIfOptions what_if;
  bool yes = false;
};

/// The version that lies in `folder`, in force or disabled; "-" when none does.
std::string version_in(const fs::path& folder) {
  const auto manifest = reaction::Manifest::load(folder / "plugin.toml");
  return manifest ? manifest->version : "-";
}

/// `--yes` switches what was shown, also when the old version cannot be read any more.
Result<int> upgrade(Context& context, const UpgradeOptions& o) {
  const auto home = daemon::Home::load(o.what_if.hub);
  if (!home) return fail(home.error());
  const fs::path place = home->plugins() / o.plugin;
  if (!fs::exists(place))
    return fail(Errc::not_found, context.text(Text::plugin_unknown, o.plugin, o.what_if.hub.string()));
  const auto manifest = reaction::Manifest::load(o.what_if.plugin / "plugin.toml");
  if (!manifest) return fail(manifest.error());
  if (manifest->spec.id != o.plugin)
    return fail(Errc::invalid_argument,
                context.text(Text::what_if_other_id, o.what_if.plugin.string(), manifest->spec.id, o.plugin));
  const std::string before = version_in(place);
  const auto done = what_if(context, o.what_if);
  if (!done) return fail(done.error());
  if (o.yes) IRO_TRY(daemon::put_plugin(home->plugins(), o.plugin, o.what_if.plugin), "upgrade");
  if (context.options.json) {
    json::object out{{"plugin", o.plugin}, {"from", before}, {"to", manifest->version}, {"switched", o.yes}};
    if (o.yes) out["in_force"] = "restart";
    out["whatif"] = what_if_json(*done);
    context.print_json(out);
    return Exit::ok;
  }
  print_what_if(context, *done);
  Context::print(
      o.yes ? context.text(Text::upgrade_done, o.plugin, manifest->version, before, o.plugin, o.what_if.hub.string())
            : context.text(Text::upgrade_shown, manifest->version, before));
  return Exit::ok;
}

struct RollbackOptions {
  std::string plugin;
  fs::path hub;
};

Result<int> rollback(Context& context, const RollbackOptions& o) {
  const auto home = daemon::Home::load(o.hub);
  if (!home) return fail(home.error());
  const fs::path place = home->plugins() / o.plugin;
  const std::string before = version_in(place);
  IRO_TRY(daemon::put_plugin_back(home->plugins(), o.plugin), "rollback");
  const std::string now = version_in(place);
  if (context.options.json) {
    context.print_json(json::object{{"plugin", o.plugin}, {"from", before}, {"to", now}, {"in_force", "restart"}});
  } else {
    Context::print(context.text(Text::rollback_done, o.plugin, now, before));
  }
  return Exit::ok;
}

}  // namespace

void add_upgrade_commands(CLI::App& plugin, Context& context) {
  auto& up = add_command(plugin, context, "upgrade", Text::about_plugin_upgrade,
                         "iro plugin upgrade first-year-weeks build/first-year-weeks /var/lib/iro --since 2026-09-01\n"
                         "iro plugin upgrade first-year-weeks build/first-year-weeks /var/lib/iro --yes");
  auto u = std::make_shared<UpgradeOptions>();
  up.add_option("PLUGIN", u->plugin, context.text(Text::opt_plugin))->required();
  up.add_option("FOLDER", u->what_if.plugin, context.text(Text::opt_plugin_folder))->required();
  up.add_option("HUB", u->what_if.hub, context.text(Text::opt_plugin_hub))->required();
  up.add_option("--since", u->what_if.since, context.text(Text::opt_what_if_since));
  up.add_option("--limit", u->what_if.examples, context.text(Text::opt_what_if_limit))->capture_default_str();
  up.add_flag("--yes", u->yes, context.text(Text::opt_upgrade_yes));
  runs(up, context, u, upgrade);
  auto& back = add_command(plugin, context, "rollback", Text::about_plugin_rollback,
                           "iro plugin rollback first-year-weeks /var/lib/iro");
  auto r = std::make_shared<RollbackOptions>();
  back.add_option("PLUGIN", r->plugin, context.text(Text::opt_plugin))->required();
  back.add_option("HUB", r->hub, context.text(Text::opt_plugin_hub))->required();
  runs(back, context, r, rollback);
}

}  // namespace iro::cli

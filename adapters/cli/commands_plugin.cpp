// plugin: the rules of the region, for the operator.
#include <fmt/format.h>

#include <fstream>

#include "adapters/cli/command.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/plugin_export.hpp"
#include "adapters/cli/rows.hpp"
#include "hub/daemon/home.hpp"
#include "hub/daemon/plugin_place.hpp"
#include "hub/reaction/manifest.hpp"

namespace iro::cli {
namespace {

struct NoOptions {};
struct PluginOptions {
  std::string plugin;
  std::string ref;
  bool all = false;
  std::string hub;
  std::string out;
};

Result<int> list(Context& context, const NoOptions&) {
  return print_rows(context, "plugins", {"plugin", "state", "lag", "parked", "waiting", "kept_bytes", "why"});
}

Result<int> parked(Context& context, const NoOptions&) {
  return print_rows(context, "plugin-parked", {"plugin", "ref", "state", "at", "subject", "why"});
}

Result<int> tell(Context& context, const PluginOptions& o, std::string_view command) {
  json::object args{{"plugin", o.plugin}};
  if (!o.ref.empty()) args["ref"] = o.ref;
  const auto answer = context.control(command, args);
  if (!answer) return fail(answer.error());
  print_done(context, *answer);
  return Exit::ok;
}

Result<int> move_parked(Context& context, const PluginOptions& o, std::string_view command) {
  if (o.ref.empty() == !o.all) return fail(Errc::invalid_argument, context.text(Text::ref_or_all));
  return tell(context, o, command);
}

/// The row of `view` about this plugin; with `ref` the one that has it, else the first that is parked.
Result<json::object> row_of(Context& context, std::string_view view, const PluginOptions& o) {
  const auto rows = context.query(view, {});
  if (!rows) return fail(rows.error());
  for (const json::value& row : rows->as_array()) {
    if (text_of(row.as_object(), "plugin") != o.plugin) continue;
    if (view == "plugins" ||
        (o.ref.empty() ? text_of(row.as_object(), "state") == "parked" : text_of(row.as_object(), "ref") == o.ref))
      return row.as_object();
  }
  return fail(Errc::not_found, context.text(view == "plugins" ? Text::no_such_plugin : Text::nothing_parked, o.plugin));
}

Result<int> export_parked(Context& context, const PluginOptions& o) {
  const auto plugin = row_of(context, "plugins", o);
  if (!plugin) return fail(plugin.error());
  const auto row = row_of(context, "plugin-parked", o);
  if (!row) return fail(row.error());
  json::array types = plugin->at("judges").as_array();
  for (const json::value& type : plugin->at("reacts").as_array()) types.push_back(type);
  const auto answer = context.query("quarantine", {{"ref", row->at("ref")}, {"types", types}});
  if (!answer) return fail(answer.error());
  if (context.options.json) {
    context.print_json(*answer);
    return Exit::ok;
  }
  const std::string scenario = scenario_of(o.plugin, text_of(*row, "why"), answer->as_object());
  if (o.out.empty()) {
    Context::print(scenario);
    return Exit::ok;
  }
  std::ofstream file(o.out, std::ios::binary);
  file << scenario;
  if (!file.flush()) return fail(Errc::io, fmt::format("{}: it cannot be written", o.out));
  Context::print(context.text(Text::exported, o.out));
  return Exit::ok;
}

/// Everything of the manifest and the object is checked before a byte is copied.
Result<int> enable(Context& context, const PluginOptions& o) {
  const fs::path from(o.plugin);
  const auto manifest = reaction::Manifest::load(from / "plugin.toml");
  if (!manifest) return fail(manifest.error());
  IRO_TRY(reaction::check_object(*manifest), "enable");
  const auto home = daemon::Home::load(o.hub);
  if (!home) return fail(home.error());
  IRO_TRY(daemon::put_plugin(home->plugins(), manifest->spec.id, from), "enable");
  if (context.options.json) {
    context.print_json(
        json::object{{"plugin", manifest->spec.id}, {"version", manifest->version}, {"in_force", "restart"}});
  } else {
    Context::print(context.text(Text::plugin_enabled, manifest->spec.id, manifest->version));
  }
  return Exit::ok;
}

/// Its manifest gets a name that is not read: settings and state stay, and `enable` brings it back.
Result<int> disable(Context& context, const PluginOptions& o) {
  const fs::path manifest = fs::path(o.hub) / "plugins" / o.plugin / "plugin.toml";
  if (!fs::exists(manifest)) return fail(Errc::not_found, context.text(Text::plugin_unknown, o.plugin, o.hub));
  std::error_code ec;
  fs::rename(manifest, manifest.string() + ".disabled", ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", manifest.string(), ec.message()));
  if (context.options.json) {
    context.print_json(json::object{{"plugin", o.plugin}, {"in_force", "restart"}});
  } else {
    Context::print(context.text(Text::plugin_disabled, o.plugin));
  }
  return Exit::ok;
}

void add_told(CLI::App& plugin, Context& context, const char* name, Text about, const char* command,
              const char* examples) {
  auto& c = add_command(plugin, context, name, about, examples);
  auto o = std::make_shared<PluginOptions>();
  c.add_option("PLUGIN", o->plugin, context.text(Text::opt_plugin))->required();
  runs(c, context, o, [command](Context& in, const PluginOptions& options) { return tell(in, options, command); });
}

void add_parked(CLI::App& plugin, Context& context, const char* name, Text about, const char* command,
                const char* examples) {
  auto& c = add_command(plugin, context, name, about, examples);
  auto o = std::make_shared<PluginOptions>();
  c.add_option("PLUGIN", o->plugin, context.text(Text::opt_plugin))->required();
  c.add_option("--ref", o->ref, context.text(Text::opt_ref));
  c.add_flag("--all", o->all, context.text(Text::opt_all_parked));
  runs(c, context, o,
       [command](Context& in, const PluginOptions& options) { return move_parked(in, options, command); });
}

}  // namespace

void add_plugin_commands(CLI::App& app, Context& context) {
  auto& plugin = add_command(app, context, "plugin", Text::about_plugin);
  plugin.require_subcommand(1);
  auto& ls = add_command(plugin, context, "ls", Text::about_plugin_ls, "iro plugin ls");
  ls.alias("list");
  runs(ls, context, std::make_shared<NoOptions>(), list);
  runs(add_command(plugin, context, "parked", Text::about_plugin_parked, "iro plugin parked"), context,
       std::make_shared<NoOptions>(), parked);
  add_parked(plugin, context, "redrive", Text::about_plugin_redrive, "plugin.redrive",
             "iro plugin redrive first-year-weeks --all");
  add_parked(plugin, context, "skip", Text::about_plugin_skip, "plugin.skip",
             "iro plugin skip first-year-weeks --ref 5f0c...");
  auto& out = add_command(plugin, context, "export", Text::about_plugin_export,
                          "iro plugin export first-year-weeks --out failed.scenario\n"
                          "iro plugin export first-year-weeks --ref 5f0c...");
  auto x = std::make_shared<PluginOptions>();
  out.add_option("PLUGIN", x->plugin, context.text(Text::opt_plugin))->required();
  out.add_option("--ref", x->ref, context.text(Text::opt_ref));
  out.add_option("--out", x->out, context.text(Text::opt_scenario_out));
  runs(out, context, x, export_parked);
  add_told(plugin, context, "suspend", Text::about_plugin_suspend, "plugin.suspend",
           "iro plugin suspend first-year-weeks");
  add_told(plugin, context, "resume", Text::about_plugin_resume, "plugin.resume", "iro plugin resume first-year-weeks");
  auto& on = add_command(plugin, context, "enable", Text::about_plugin_enable,
                         "iro plugin enable build/plugins/first-year-weeks /var/lib/iro");
  auto e = std::make_shared<PluginOptions>();
  on.add_option("FOLDER", e->plugin, context.text(Text::opt_plugin_folder))->required();
  on.add_option("HUB", e->hub, context.text(Text::opt_plugin_hub))->required();
  runs(on, context, e, enable);
  auto& off = add_command(plugin, context, "disable", Text::about_plugin_disable,
                          "iro plugin disable first-year-weeks /var/lib/iro");
  auto d = std::make_shared<PluginOptions>();
  off.add_option("PLUGIN", d->plugin, context.text(Text::opt_plugin))->required();
  off.add_option("HUB", d->hub, context.text(Text::opt_plugin_hub))->required();
  runs(off, context, d, disable);
  add_upgrade_commands(plugin, context);
}

}  // namespace iro::cli

// files: the door to the files adapter (adapters/files), where this build has it.
#include "adapters/cli/command.hpp"

#ifdef IRO_HAVE_FILES
#include <fstream>

#include "adapters/files/commands.hpp"
#endif

namespace iro::cli {

#ifdef IRO_HAVE_FILES
namespace {

void add_check(CLI::App& parent, Context& context) {
  auto& c = add_command(parent, context, "check", Text::about_files_check,
                        "iro files check bpv/*.csv\niro files check placements.csv --mappings my-mappings --json");
  auto o = std::make_shared<files::CheckOptions>();
  c.add_option("FILE", o->paths, context.text(Text::opt_files))->required();
  c.add_option("--mappings", o->mappings, context.text(Text::opt_mappings))->check(CLI::ExistingDirectory);
  runs(c, context, o, [](Context& in, files::CheckOptions& options) -> Result<int> {
    options.json = in.options.json;
    return files::run_check(options);
  });
}

struct TakeOptions {
  files::TakeOptions take;
  std::vector<fs::path> paths;
};

/// The files of one member, one after the other; the worst end is the end of all.
Result<int> take(Context& context, TakeOptions& o) {
  int worst = Exit::ok;
  o.take.json = context.options.json;
  o.take.key = context.options.key;
  o.take.flush_ms = std::max<std::int64_t>(o.take.flush_ms, context.timeout().count());
  for (const auto& path : o.paths) {
    o.take.file = path;
    worst = std::max(worst, files::run_take(o.take));
  }
  return worst;
}

void add_take(CLI::App& parent, Context& context) {
  auto& c = add_command(parent, context, "take", Text::about_files_take,
                        "iro files take --member members/roc-lage-waarden placements.csv");
  auto o = std::make_shared<TakeOptions>();
  c.add_option("FILE", o->paths, context.text(Text::opt_files))->required();
  c.add_option("--member", o->take.folder, context.text(Text::opt_files_member))->required();
  runs(c, context, o, take);
}

void add_link(CLI::App& parent, Context& context) {
  auto& c = add_command(parent, context, "link", Text::about_files_link,
                        "iro files link --member members/roc-lage-waarden numbers.csv --dry-run\n"
                        "iro files link --member members/roc-lage-waarden numbers.csv");
  auto o = std::make_shared<files::LinkOptions>();
  c.add_option("FILE", o->file, context.text(Text::opt_link_file))->required()->check(CLI::ExistingFile);
  c.add_option("--member", o->folder, context.text(Text::opt_files_member))->required();
  c.add_flag("--dry-run", o->dry_run, context.text(Text::opt_link_dry_run));
  runs(c, context, o, [](Context& in, files::LinkOptions& options) -> Result<int> {
    options.json = in.options.json;
    options.key = in.options.key;
    return files::run_link(options);
  });
}

struct ServeOptions {
  files::ServeOptions serve;
  fs::path root;
};

/// The service reads its configuration from a file: for a bare --root that is one line.
Result<fs::path> config_of_root(const fs::path& root, const fs::path& folder) {
  const fs::path path = folder / "files.toml";
  std::ofstream out(path);
  out << "root = " << json::serialize(json::string(fs::absolute(root).string())) << '\n';
  out.close();
  if (!out) return fail(Errc::io, path.string() + " cannot be written");
  return path;
}

Result<int> serve(Context& context, ServeOptions& o) {
  if (o.root.empty() == o.serve.config.empty()) return fail(Errc::invalid_argument, context.text(Text::root_or_config));
  auto folder = TemporaryFolder::create();
  if (!folder) return fail(folder.error());
  if (!o.root.empty()) {
    auto config = config_of_root(o.root, folder->path());
    if (!config) return fail(config.error());
    o.serve.config = std::move(*config);
  }
  o.serve.json = context.options.json;
  return files::run_service(o.serve);
}

void add_serve(CLI::App& parent, Context& context) {
  auto& c = add_command(
      parent, context, "run", Text::about_files_run,
      "iro files run --root members\niro files run --root members --drain\niro files run files.toml --json");
  c.alias("serve");
  auto o = std::make_shared<ServeOptions>();
  c.add_option("CONFIG", o->serve.config, context.text(Text::opt_files_config));
  c.add_option("--root", o->root, context.text(Text::opt_files_root))->check(CLI::ExistingDirectory);
  c.add_flag("--drain", o->serve.drain, context.text(Text::opt_drain));
  runs(c, context, o, serve);
}

}  // namespace

void add_files_commands(CLI::App& app, Context& context) {
  auto& files = add_command(app, context, "files", Text::about_files);
  files.require_subcommand(1);
  add_check(files, context);
  add_link(files, context);
  add_serve(files, context);
  add_take(files, context);
}
#else
void add_files_commands(CLI::App&, Context&) {}
#endif

}  // namespace iro::cli

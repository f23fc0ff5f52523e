// init, up, verify, backup, restore, resume: a hub and its folder.
#include <fmt/format.h>
#include <unistd.h>

#include <future>

#include "adapters/cli/command.hpp"
#include "adapters/cli/table.hpp"
#include "hub/base/bytes.hpp"
#include "hub/daemon/home.hpp"
#include "hub/daemon/restore.hpp"
#include "hub/log/sqlite/verify.hpp"

namespace iro::cli {
namespace {

constexpr std::chrono::milliseconds progress_every(300);
constexpr std::chrono::minutes slow_command(60);  // a large log takes its time to copy and to verify

struct InitOptions {
  fs::path folder;
  daemon::HomeConfig config;
};

/// Where the operator's own machine finds the hub: a wildcard address is no address to connect to.
std::string address_of(std::string endpoint) {
  for (const std::string_view any : {"tcp://0.0.0.0:", "tcp://*:", "tcp://[::]:"}) {
    if (endpoint.starts_with(any)) return "tcp://127.0.0.1:" + endpoint.substr(any.size());
  }
  return endpoint;
}

bool is_oin(std::string_view oin) {
  return oin.size() == 20 && oin.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<int> init(Context& context, const InitOptions& o) {
  if (!is_oin(o.config.oin)) return fail(Errc::invalid_argument, context.text(Text::no_oin, o.config.oin));
  const auto [hub_public, hub_secret] = client::make_curve_keys();
  const auto [operator_public, operator_secret] = client::make_curve_keys();
  daemon::Secrets secrets;
  secrets.curve_public = hub_public;
  secrets.curve_secret = hub_secret;
  secrets.operator_public = operator_public;
  if (const auto home = daemon::Home::create(o.folder, o.config, secrets); !home) return fail(home.error());
  const fs::path key_path = o.folder / "operator.key.toml";
  const client::KeyFile key{address_of(o.config.endpoints.front()),
                            hub_public,
                            "operator",
                            fmt::format("urn:nld:oin:{}:systeem:operator", o.config.oin),
                            operator_public,
                            operator_secret};
  IRO_TRY(key.save(key_path), "operator's key");
  if (context.options.json) {
    context.print_json(json::object{{"hub", o.folder.string()},
                                    {"operator_key", key_path.string()},
                                    {"hub_public_key", hub_public},
                                    {"endpoints", json::array(o.config.endpoints.begin(), o.config.endpoints.end())}});
  } else {
    Context::print(context.text(Text::init_done, o.folder.string(), key_path.string()));
  }
  return Exit::ok;
}

void add_init(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "init", Text::about_init,
                        "iro init region\niro init /var/lib/iro --name \"Regio Noord\" --oin 00000003123456780000 "
                        "--endpoint tcp://0.0.0.0:7411");
  auto o = std::make_shared<InitOptions>();
  c.add_option("DIR", o->folder, context.text(Text::opt_new_folder))->required();
  c.add_option("--name", o->config.name, context.text(Text::opt_hub_name))->capture_default_str();
  c.add_option("--oin", o->config.oin, context.text(Text::opt_hub_oin))->capture_default_str();
  c.add_option("--endpoint", o->config.endpoints, context.text(Text::opt_endpoints))->capture_default_str();
  runs(c, context, o, init);
}

struct FolderOptions {
  fs::path folder;
};

/// Becomes irod: the one beside this program, else the one on the PATH.
Result<int> up(Context& context, const FolderOptions& o) {
  std::error_code ec;
  if (!fs::exists(o.folder / "hub.toml", ec))
    return fail(Errc::config_invalid, context.text(Text::no_hub, o.folder.string()));
  std::string program = (fs::read_symlink("/proc/self/exe", ec).parent_path() / "irod").string();
  if (::access(program.c_str(), X_OK) != 0) program = "irod";
  std::string folder = o.folder.string();
  char* arguments[] = {program.data(), folder.data(), nullptr};
  ::execvp(program.c_str(), arguments);
  return fail(Errc::io, context.text(Text::no_irod, program));
}

void add_up(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "up", Text::about_up, "iro up region");
  auto o = std::make_shared<FolderOptions>();
  c.add_option("DIR", o->folder, context.text(Text::opt_folder))->required();
  runs(c, context, o, up);
}

json::object report_json(const log::VerifyReport& r) {
  json::array findings;
  for (const auto& f : r.findings) findings.push_back(json::object{{"where", f.where}, {"reason", f.reason}});
  return {{"sound", r.sound()},
          {"events", r.events},
          {"chunks", r.chunks},
          {"bodies", r.bodies},
          {"bodies_gone", r.bodies_gone},
          {"pages", r.pages},
          {"head", to_hex(r.head)},
          {"findings_total", r.findings_total},
          {"findings", std::move(findings)}};
}

void print_progress(std::string_view step, std::uint64_t done, std::uint64_t of) {
  fmt::print(stderr, "\r{} {}{}\x1b[K", step, done, of == 0 ? std::string() : fmt::format(" / {}", of));
}

Result<int> verify(Context& context, const FolderOptions& o) {
  std::error_code ec;
  const fs::path data = fs::exists(o.folder / "hub.toml", ec) ? o.folder / "data" : o.folder;
  log::VerifyProgress progress;
  if (context.wants_progress()) progress = print_progress;
  log::VerifyOptions options;
  if (data != o.folder) {
    const auto home = daemon::Home::load(o.folder);
    if (!home) return fail(home.error());
    const auto seen = log::Witness(home->witness(), home->secrets.witness_seed).read();
    if (!seen) return fail(seen.error());
    options.witness = *seen;
  }
  const auto report = log::verify(data, progress, options);
  if (progress) fmt::print(stderr, "\r\x1b[K");
  if (!report) return fail(report.error());
  if (context.options.json) {
    context.print_json(report_json(*report));
  } else if (report->sound()) {
    Context::print(context.text(Text::verify_sound, report->events, report->chunks, report->bodies, report->bodies_gone,
                                to_hex(report->head)));
  } else {
    for (const auto& finding : report->findings) Context::print(clean(finding.text()) + '\n');
    Context::print(context.text(Text::verify_damaged, report->findings_total));
  }
  return report->sound() ? Exit::ok : Exit::corrupt;
}

void add_verify(CLI::App& app, Context& context) {
  auto& c =
      add_command(app, context, "verify", Text::about_verify, "iro verify region\niro verify --json backup-folder");
  auto o = std::make_shared<FolderOptions>();
  c.add_option("DIR", o->folder, context.text(Text::opt_verify_folder))->required();
  runs(c, context, o, verify);
}

struct BackupOptions {
  fs::path folder;
  fs::path to;
  bool keys = false;
};

void use_folder(Context& context, const fs::path& folder) {
  if (!folder.empty() && context.options.key.empty()) context.options.hub = folder;
}

/// "copying 42 %" on the terminal, until the hub has answered the command itself.
void show_progress(client::Client& client, const std::future<Result<std::string>>& answer,
                   std::chrono::milliseconds timeout) {
  while (answer.wait_for(progress_every) != std::future_status::ready) {
    const auto said = client.control("backup.progress", "{}", timeout);
    boost::system::error_code ec;
    const auto value = said ? json::parse(*said, ec) : json::value();
    if (!said || ec || !value.is_object()) continue;
    const auto* step = value.as_object().if_contains("step");
    const auto* percent = value.as_object().if_contains("percent");
    if (step != nullptr && step->is_string() && percent != nullptr && percent->is_int64())
      fmt::print(stderr, "\r{} {} %\x1b[K", clean(std::string(step->as_string())), percent->as_int64());
  }
  fmt::print(stderr, "\r\x1b[K");
}

Result<json::value> run_backup(Context& context, const json::object& args) {
  if (!context.wants_progress()) return context.control("backup", args, slow_command);
  auto client = context.connect();
  if (!client) return fail(client.error());
  auto answer =
      std::async(std::launch::async, [&] { return (*client)->control("backup", json::serialize(args), slow_command); });
  show_progress(**client, answer, context.timeout());
  const auto body = answer.get();
  if (!body) return fail(body.error());
  boost::system::error_code ec;
  auto value = json::parse(*body, ec);
  if (ec) return fail(Errc::internal, "the hub's answer is no JSON");
  return value;
}

Result<int> backup(Context& context, const BackupOptions& o) {
  use_folder(context, o.folder);
  // The hub writes the file, from a working folder of its own.
  const fs::path to = fs::absolute(o.to).lexically_normal();
  const auto answer = run_backup(context, {{"to", to.string()}, {"keys", o.keys}});
  if (!answer) return fail(answer.error());
  if (context.options.json) {
    context.print_json(*answer);
  } else {
    Context::print(context.text(Text::backup_done, to.string()));
    const auto* keys = answer->is_object() ? answer->as_object().if_contains("keys") : nullptr;
    if (keys != nullptr && keys->is_string())
      Context::print(context.text(Text::backup_keys_done, clean(std::string(keys->as_string()))));
  }
  return Exit::ok;
}

void add_backup(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "backup", Text::about_backup,
                        "iro backup region --to /backup/iro-$(date +%F)\n"
                        "iro backup region --to /backup/iro-$(date +%F) --keys");
  auto o = std::make_shared<BackupOptions>();
  c.add_option("DIR", o->folder, context.text(Text::opt_folder));
  c.add_option("--to", o->to, context.text(Text::opt_backup_to))->required();
  c.add_flag("--keys", o->keys, context.text(Text::opt_backup_keys));
  runs(c, context, o, backup);
}

struct RestoreCommand {
  fs::path backup;
  fs::path folder;
  daemon::RestoreOptions options;
};

void print_restored(const Context& context, const RestoreCommand& o, const daemon::RestoreReport& r) {
  Context::print(context.text(Text::restore_done, r.restored.position.value(), r.restored.epoch.value(),
                              to_hex(r.restored.head), o.folder.string()));
  if (r.loss && r.acknowledged) Context::print(context.text(Text::restore_lost, r.lost_events));
  if (r.loss && !r.acknowledged) Context::print(context.text(Text::restore_lost_unknown));
  if (r.keys_erased_again > 0) Context::print(context.text(Text::restore_erased, r.keys_erased_again));
  if (!r.replaced.empty()) Context::print(context.text(Text::restore_replaced, r.replaced.string()));
}

Result<int> restore(Context& context, const RestoreCommand& o) {
  const auto home = daemon::Home::load(o.folder);
  if (!home) return fail(home.error());
  log::VerifyProgress progress;
  if (context.wants_progress()) progress = print_progress;
  const auto report = daemon::restore(*home, o.backup, o.options, context.clock, progress);
  if (progress) fmt::print(stderr, "\r\x1b[K");
  if (!report) return fail(report.error());
  if (!context.options.json) {
    print_restored(context, o, *report);
    return Exit::ok;
  }
  context.print_json(json::object{{"events", report->restored.position.value()},
                                  {"epoch", report->restored.epoch.value()},
                                  {"head", to_hex(report->restored.head)},
                                  {"loss", report->loss},
                                  {"lost_events", report->lost_events},
                                  {"keys_erased_again", report->keys_erased_again},
                                  {"replaced", report->replaced.string()}});
  return Exit::ok;
}

void add_restore(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "restore", Text::about_restore,
                        "iro restore /backup/iro-2026-11-22 region\n"
                        "iro restore /backup/iro-2026-11-22 region --accept-loss");
  auto o = std::make_shared<RestoreCommand>();
  c.add_option("BACKUP", o->backup, context.text(Text::opt_restore_from))->required();
  c.add_option("DIR", o->folder, context.text(Text::opt_folder))->required();
  c.add_flag("--accept-loss", o->options.accept_loss, context.text(Text::opt_accept_loss));
  c.add_option("--keys", o->options.keys, context.text(Text::opt_restore_keys));
  c.add_flag("--without-keys", o->options.without_keys, context.text(Text::opt_without_keys));
  runs(c, context, o, restore);
}

Result<int> resume(Context& context, const FolderOptions& o) {
  use_folder(context, o.folder);
  const auto answer = context.control("resume", {}, slow_command);
  if (!answer) return fail(answer.error());
  if (context.options.json) {
    context.print_json(*answer);
  } else {
    Context::print(context.text(Text::resume_done));
  }
  return Exit::ok;
}

void add_resume(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "resume", Text::about_resume, "iro resume region");
  auto o = std::make_shared<FolderOptions>();
  c.add_option("DIR", o->folder, context.text(Text::opt_folder));
  runs(c, context, o, resume);
}

}  // namespace

void add_hub_commands(CLI::App& app, Context& context) {
  add_init(app, context);
  add_up(app, context);
  add_verify(app, context);
  add_backup(app, context);
  add_restore(app, context);
  add_resume(app, context);
}

}  // namespace iro::cli

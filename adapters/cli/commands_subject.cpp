// subject, retention: what is kept of one person, and for how long.
#include <fmt/format.h>

#include <fstream>

#include "adapters/cli/command.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/table.hpp"
#include "hub/base/ids.hpp"

namespace iro::cli {
namespace {

constexpr int rows_a_page = 200;

struct ExportOptions {
  std::string person;
  std::string purpose;
  fs::path out;
};

/// All that the holder of the key may see of one person, oldest first, as lines of JSON.
Result<int> export_subject(Context& context, const ExportOptions& o) {
  std::ofstream file;
  if (!o.out.empty()) {
    file.open(o.out, std::ios::binary | std::ios::trunc);
    if (!file) return fail(Errc::io, fmt::format("{}: cannot be written", o.out.string()));
    std::error_code ec;
    fs::permissions(o.out, fs::perms::owner_read | fs::perms::owner_write, ec);
  }
  auto client = context.connect();
  if (!client) return fail(client.error());
  json::object args{
      {"person", o.person}, {"order", "oldest"}, {"data", true}, {"limit", rows_a_page}, {"export", true}};
  if (!o.purpose.empty()) args["purpose"] = o.purpose;
  std::size_t events = 0;
  for (;;) {
    const auto page = context.query("events", args, client->get());
    if (!page) return fail(page.error());
    const auto* rows = page->is_object() ? page->get_object().if_contains("events") : nullptr;
    for (const auto& row : rows != nullptr && rows->is_array() ? rows->get_array() : json::array()) {
      const std::string line = json::serialize(row);
      if (file.is_open()) {
        file << line << '\n';
      } else {
        Context::print(line + "\n");
      }
      ++events;
    }
    const auto* next = page->is_object() ? page->get_object().if_contains("next") : nullptr;
    if (next == nullptr || !next->is_string() || next->get_string().empty()) break;
    args["from"] = *next;
  }
  if (file.is_open()) {
    file.close();
    if (!file) return fail(Errc::io, fmt::format("{}: cannot be written", o.out.string()));
  }
  context.note(context.text(Text::subject_exported, events));
  return Exit::ok;
}

struct EraseOptions {
  std::string person;
  std::string reason;
  bool yes = false;
};

Result<int> erase_subject(Context& context, const EraseOptions& o) {
  if (!o.yes) return fail(Errc::invalid_argument, context.text(Text::erase_sure));
  auto op = Operator::open(context);
  if (!op) return fail(op.error());
  const std::string erasure = "erasure-" + random_name();
  IRO_TRY(op->publish("subject-erased.v1", {{"erasure_id", erasure}, {"student", o.person}, {"reason", o.reason}}),
          "erase");
  if (context.options.json) {
    context.print_json(json::object{{"erasure", erasure}, {"reason", o.reason}, {"erased", true}});
  } else {
    Context::print(context.text(Text::subject_erased, erasure));
  }
  return Exit::ok;
}

struct RetentionOptions {
  bool dry_run = false;
};

Result<int> run_retention(Context& context, const RetentionOptions& o) {
  const auto answer = context.control("retention.run", {{"dry_run", o.dry_run}}, std::chrono::minutes(5));
  if (!answer) return fail(answer.error());
  if (context.options.json) {
    context.print_json(*answer);
    return Exit::ok;
  }
  const auto& found = answer->as_object();
  Context::print(context.text(o.dry_run ? Text::retention_would : Text::retention_done, text_of(found, "before"),
                              found.at("bodies").to_number<std::uint64_t>(),
                              found.at("bytes").to_number<std::uint64_t>() >> 10));
  return Exit::ok;
}

}  // namespace

void add_subject_commands(CLI::App& app, Context& context) {
  auto& subject = add_command(app, context, "subject", Text::about_subject);
  subject.require_subcommand(1);
  auto& e = add_command(subject, context, "export", Text::about_subject_export,
                        "iro --key roc-oost.key.toml subject export 7f3a9c2e51b04d68 --out inzage.jsonl");
  auto eo = std::make_shared<ExportOptions>();
  e.add_option("PSEUDONYM", eo->person, context.text(Text::opt_pseudonym))->required();
  e.add_option("--out", eo->out, context.text(Text::opt_export_out));
  e.add_option("--purpose", eo->purpose, context.text(Text::opt_purpose));
  runs(e, context, eo, export_subject);
  auto& x = add_command(subject, context, "erase", Text::about_subject_erase,
                        "iro --hub region subject erase 7f3a9c2e51b04d68 --reason asked_by_student --yes");
  auto xo = std::make_shared<EraseOptions>();
  x.add_option("PSEUDONYM", xo->person, context.text(Text::opt_pseudonym))->required();
  x.add_option("--reason", xo->reason, context.text(Text::opt_erase_reason))
      ->required()
      ->check(CLI::IsMember({"asked_by_student", "objection_upheld", "unlawful", "no_longer_needed"}));
  x.add_flag("--yes", xo->yes, context.text(Text::opt_erase_yes));
  runs(x, context, xo, erase_subject);

  auto& retention = add_command(app, context, "retention", Text::about_retention);
  retention.require_subcommand(1);
  auto& r = add_command(retention, context, "run", Text::about_retention_run,
                        "iro --hub region retention run --dry-run\niro --hub region retention run");
  auto ro = std::make_shared<RetentionOptions>();
  r.add_flag("--dry-run", ro->dry_run, context.text(Text::opt_retention_dry_run));
  runs(r, context, ro, run_retention);
}

}  // namespace iro::cli

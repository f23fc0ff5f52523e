// doctor, clock: is everything around the hub as it should be, and what to do where it is not.
#include <fmt/format.h>

#include "adapters/cli/command.hpp"
#include "adapters/cli/table.hpp"
#include "hub/daemon/doctor.hpp"

namespace iro::cli {
namespace {

struct DoctorOptions {
  fs::path folder;
  bool offline = false;
  bool all = false;
};

const daemon::CheckText& text_of_check(std::string_view name) {
  const auto& all = daemon::doctor_checks();
  const auto at = std::ranges::find(all, name, &daemon::CheckText::name);
  static const daemon::CheckText unknown{"", "", "", "", ""};
  return at == all.end() ? unknown : *at;
}

/// The hub's own status; nothing when it does not answer.
std::optional<json::object> ask_status(Context& context, const DoctorOptions& o) {
  if (context.options.key.empty()) context.options.hub = o.folder;
  context.options.timeout_s = std::min(context.options.timeout_s, 1.0);  // a doctor does not keep people waiting
  auto answer = context.query("status", {});
  if (!answer || !answer->is_object()) return std::nullopt;
  return std::move(answer->get_object());
}

json::array findings_json(const Context& context, const std::vector<daemon::Finding>& findings) {
  const bool dutch = context.text.lang() == Lang::nl;
  json::array out;
  for (const auto& f : findings) {
    const auto& text = text_of_check(f.check);
    json::object line{{"check", f.check},
                      {"verdict", daemon::name_of(f.verdict)},
                      {"what", dutch ? text.nl : text.en},
                      {"detail", f.detail}};
    if (f.verdict == daemon::Verdict::bad || f.verdict == daemon::Verdict::warning)
      line["fix"] = dutch ? text.fix_nl : text.fix_en;
    out.push_back(std::move(line));
  }
  return out;
}

void print_findings(const Context& context, const std::vector<daemon::Finding>& findings, bool all) {
  const bool dutch = context.text.lang() == Lang::nl;
  for (const auto& f : findings) {
    const bool well = f.verdict == daemon::Verdict::good || f.verdict == daemon::Verdict::skipped;
    if (well && !all) continue;
    const auto& text = text_of_check(f.check);
    Context::print(fmt::format("{:8} {}{}{}\n",
                               context.text.label(fmt::format("verdict_{}", daemon::name_of(f.verdict))),
                               dutch ? text.nl : text.en, f.detail.empty() ? "" : ": ", clean(f.detail)));
    if (!well)
      Context::print(fmt::format("         {}\n", context.text(Text::next_step, dutch ? text.fix_nl : text.fix_en)));
  }
}

Result<int> doctor(Context& context, const DoctorOptions& o) {
  std::vector<daemon::Finding> findings = daemon::doctor(o.folder, context.clock);
  if (!o.offline) {
    const auto status = ask_status(context, o);
    for (auto& f : daemon::judge_status(status ? &*status : nullptr, context.clock)) findings.push_back(std::move(f));
  }
  const auto count = [&](daemon::Verdict v) { return std::ranges::count(findings, v, &daemon::Finding::verdict); };
  const auto bad = count(daemon::Verdict::bad);
  const auto warnings = count(daemon::Verdict::warning);
  if (context.options.json) {
    context.print_json(json::object{{"checks", findings.size()},
                                    {"bad", bad},
                                    {"warnings", warnings},
                                    {"findings", findings_json(context, findings)}});
  } else {
    print_findings(context, findings, o.all);
    Context::print(context.text(Text::doctor_done, findings.size(), bad, warnings));
  }
  return bad == 0 ? Exit::ok : Exit::failed;
}

Result<int> accept_clock(Context& context, const DoctorOptions&) {
  const auto answer = context.control("clock.accept", {});
  if (!answer) return fail(answer.error());
  if (context.options.json) {
    context.print_json(*answer);
  } else {
    Context::print(context.text(Text::clock_accepted));
  }
  return Exit::ok;
}

}  // namespace

void add_doctor_commands(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "doctor", Text::about_doctor,
                        "iro doctor region\niro doctor region --offline\niro doctor --json region | jq '.findings[] | "
                        "select(.verdict == \"bad\")'");
  auto o = std::make_shared<DoctorOptions>();
  c.add_option("DIR", o->folder, context.text(Text::opt_folder))->required();
  c.add_flag("--offline", o->offline, context.text(Text::opt_offline));
  c.add_flag("--all", o->all, context.text(Text::opt_all_checks));
  runs(c, context, o, doctor);
  auto& clock = add_command(app, context, "clock", Text::about_clock);
  clock.require_subcommand(1);
  auto& a = add_command(clock, context, "accept", Text::about_clock_accept, "iro clock accept --hub region");
  runs(a, context, std::make_shared<DoctorOptions>(), accept_clock);
}

}  // namespace iro::cli

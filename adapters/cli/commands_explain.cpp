// explain, why-not: the reasons that the hub keeps with every event, in words.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "adapters/cli/command.hpp"
#include "adapters/cli/moment.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/table.hpp"

namespace iro::cli {
namespace {

struct ExplainOptions {
  std::string id;
  std::string purpose;
  std::string member;
};

json::array list_in(const json::object& o, std::string_view field) {
  const auto* v = o.if_contains(field);
  return v != nullptr && v->is_array() ? v->get_array() : json::array();
}

std::string field_of(const json::value& line, std::string_view name) {
  return line.is_object() ? clean(text_of(line.get_object(), name)) : std::string();
}

/// The rule or reason of a line in words, with what stands beside it: "named in the payload (provider)".
std::string ground(const Context& context, const json::value& line) {
  const std::string rule = field_of(line, "rule");
  const std::string reason = field_of(line, "reason");
  std::string out = context.text.label((rule.empty() ? "why_" + reason : "rule_" + rule));
  for (const char* beside : {"field", "role"}) {
    if (const std::string at = field_of(line, beside); !at.empty()) out += " (" + at + ")";
  }
  if (const std::string since = field_of(line, "since"); !since.empty() && since != "same")
    out += "; " + context.text.label("since_" + since);
  return out;
}

void heading(const Context& context, std::string_view name) {
  Context::print(fmt::format("\n{}\n", context.text.label(name)));
}

void print_checks(const Context& context, const json::object& said) {
  const json::array checks = list_in(said, "checks");
  if (checks.empty()) return;
  heading(context, "checks");
  json::array rows;
  for (const auto& check : checks) {
    std::string facts;
    for (const auto& [name, value] : check.as_object()) {
      if (name == "check" || name == "verdict") continue;
      facts += fmt::format("{}{} {}", facts.empty() ? "" : ", ", context.text.label(name), cell(value, context.text));
    }
    rows.push_back(json::object{{"check", context.text.label("check_" + field_of(check, "check"))},
                                {"verdict", context.text.label(field_of(check, "verdict"))},
                                {"by", facts}});
  }
  Context::print(table_of(rows, {"check", "verdict", "by"}, context.text));
}

/// What rules said of an event, under its line of the tree.
void print_rules(const Context& context, const json::value& line, const std::string& indent) {
  for (const auto& rule : list_in(line.as_object(), "rules")) {
    const std::string name = context.text(Text::by_rule, field_of(rule, "rule"));
    const json::array words = list_in(rule.as_object(), "words");
    if (words.empty()) Context::print(fmt::format("{}- {}\n", indent, name));
    for (const auto& word : words) {
      const std::string code = field_of(word, "code");
      const std::string said = clean(field_of(word, name_of(context.text.lang())));
      Context::print(fmt::format("{}- {}: {}{}{}\n", indent, name, said, said.empty() || code.empty() ? "" : "  ",
                                 code.empty() ? "" : "(" + code + ")"));
    }
  }
}

void print_case(const Context& context, const json::object& said) {
  heading(context, "case");
  for (const auto& line : list_in(said, "case")) {
    const auto depth = line.as_object().at("depth").to_number<std::size_t>();
    const std::string rule = field_of(line, "rule");
    const std::string indent(2 + 2 * std::min<std::size_t>(depth, 20), ' ');
    Context::print(fmt::format("{}{}{}  {}  {}  {}\n", indent, line.as_object().contains("asked") ? "> " : "  ",
                               field_of(line, "type"),
                               rule.empty() ? field_of(line, "sender") : context.text(Text::by_rule, rule),
                               field_of(line, "recorded"), field_of(line, "id")));
    print_rules(context, line, indent + "    ");
  }
}

void print_members(const Context& context, const json::object& said, std::string_view part) {
  const json::array list = list_in(said, part);
  if (list.empty()) return;
  heading(context, part);
  json::array rows;
  for (const auto& line : list) {
    const std::string share = field_of(line, "share");
    rows.push_back(json::object{{"member", field_of(line, "member")},
                                {"share", share.empty() ? "-" : context.text.label(share)},
                                {"why", ground(context, line)}});
  }
  Context::print(table_of(rows, {"member", "share", "why"}, context.text));
}

json::array delivery_rows(const Context& context, const json::array& list) {
  json::array rows;
  for (const auto& line : list) {
    json::object row = line.as_object();
    row["state"] = context.text.label("delivery_" + field_of(line, "state"));
    for (const char* field : {"consumer", "attempts", "due", "reason"}) {
      if (!row.contains(field)) row[field] = "";
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void print_deliveries(const Context& context, const json::object& said) {
  const json::array list = list_in(said, "deliveries");
  if (list.empty()) return;
  heading(context, "deliveries");
  Context::print(table_of(delivery_rows(context, list), {"member", "consumer", "state", "attempts", "due", "reason"},
                          context.text));
}

void print_explanation(Context& context, const json::object& said) {
  for (const char* part : {"event", "routing", "commit"}) {
    if (const auto* v = said.if_contains(part); v != nullptr) {
      if (std::string_view(part) != "event") heading(context, part);
      Context::print(tree_of(*v, context.text));
    }
  }
  print_checks(context, said);
  print_case(context, said);
  print_members(context, said, "audience");
  print_members(context, said, "kept_out");
  print_deliveries(context, said);
}

Result<int> explain(Context& context, const ExplainOptions& o) {
  const auto id = parse_id(o.id);
  if (!id) return fail(id.error());
  json::object args{{"id", to_string(*id)}};
  if (!o.purpose.empty()) args["purpose"] = o.purpose;
  const auto answer = context.query("explain", args);
  if (!answer) return fail(answer.error());
  if (context.options.json) {
    context.print_json(*answer);
  } else {
    print_explanation(context, answer->as_object());
  }
  return Exit::ok;
}

Result<int> why_not(Context& context, const ExplainOptions& o) {
  const auto id = parse_id(o.id);
  if (!id) return fail(id.error());
  const auto answer = context.query("why_not", {{"id", to_string(*id)}, {"member", o.member}});
  if (!answer) return fail(answer.error());
  if (context.options.json) {
    context.print_json(*answer);
    return Exit::ok;
  }
  const json::object& said = answer->as_object();
  const bool entitled = said.at("entitled").as_bool();
  std::string line = context.text(entitled ? Text::entitled_line : Text::kept_out_line, o.member,
                                  ground(context, *answer), context.text.label(text_of(said, "share")));
  for (const auto& d : list_in(said, "deliveries"))
    line += fmt::format("; {}: {}", field_of(d, "consumer"), context.text.label("delivery_" + field_of(d, "state")));
  Context::print(line + '\n');
  return Exit::ok;
}

struct TraceOptions {
  fs::path file;
  std::string as;
  bool dry_run = false;
};

Result<std::string> read_all(const fs::path& path) {
  std::ifstream file;
  if (path != "-") file.open(path);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof() && text.empty()) return fail(Errc::io, fmt::format("{}: cannot be read", path.string()));
  return text;
}

Result<int> trace(Context& context, const TraceOptions& o) {
  if (!o.dry_run) return fail(Errc::invalid_argument, context.text(Text::trace_is_dry));
  const auto text = read_all(o.file);
  if (!text) return fail(text.error());
  boost::system::error_code ec;
  const json::value event = json::parse(*text, ec);
  if (ec || !event.is_object())
    return fail(Errc::invalid_argument, context.text(Text::trace_no_event, o.file.string()));
  json::object args{{"event", event}};
  if (!o.as.empty()) args["as"] = o.as;
  const auto answer = context.query("trace", args);
  if (!answer) return fail(answer.error());
  const json::object& said = answer->as_object();
  const bool accepted = text_of(said, "verdict") == "accepted";
  if (context.options.json) {
    context.print_json(*answer);
  } else if (!accepted) {
    Context::print(context.text(Text::trace_refused, text_of(said, "code"), clean(text_of(said, "reason"))));
  } else {
    Context::print(context.text(Text::trace_accepted, clean(text_of(said, "type")), text_of(said, "class")));
    if (const std::string gate = text_of(said, "gate"); !gate.empty())
      Context::print(context.text(Text::trace_gate, gate));
    print_members(context, said, "audience");
    print_members(context, said, "kept_out");
  }
  return accepted ? Exit::ok : Exit::failed;
}

}  // namespace

void add_explain_commands(CLI::App& app, Context& context) {
  auto& e = add_command(app, context, "explain", Text::about_explain,
                        "iro explain 0190b2c4-7e1f-7abc-8def-0123456789ab\niro explain --hub region --json "
                        "0190b2c4-7e1f-7abc-8def-0123456789ab | jq .kept_out");
  auto o = std::make_shared<ExplainOptions>();
  e.add_option("ID", o->id, context.text(Text::opt_explained))->required();
  e.add_option("--purpose", o->purpose, context.text(Text::opt_purpose));
  runs(e, context, o, explain);
  auto& w = add_command(app, context, "why-not", Text::about_why_not,
                        "iro why-not 0190b2c4-7e1f-7abc-8def-0123456789ab waterpoort");
  auto wo = std::make_shared<ExplainOptions>();
  w.add_option("ID", wo->id, context.text(Text::opt_explained))->required();
  w.add_option("MEMBER", wo->member, context.text(Text::opt_member))->required();
  runs(w, context, wo, why_not);
  auto& t = add_command(app, context, "trace", Text::about_trace,
                        "iro trace --dry-run event.json\niro trace --dry-run event.json --as waterpoort --hub region");
  auto to = std::make_shared<TraceOptions>();
  t.add_option("FILE", to->file, context.text(Text::opt_trace_file))->required();
  t.add_flag("--dry-run", to->dry_run, context.text(Text::opt_dry_run));
  t.add_option("--as", to->as, context.text(Text::opt_trace_as));
  runs(t, context, to, trace);
}

}  // namespace iro::cli

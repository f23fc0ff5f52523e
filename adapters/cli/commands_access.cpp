// subject access: who was given what about a person.
#include <fmt/format.h>

#include "adapters/cli/command.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/table.hpp"

namespace iro::cli {
namespace {

constexpr const char* fields[] = {"at",     "outcome", "organisation", "oin",   "member", "roles",
                                  "client", "type",    "event",        "share", "sender", "purpose"};

struct AccessOptions {
  std::string person;
  std::uint32_t limit = 1'000;
  bool csv = false;
};

/// RFC 4180; a value that a spreadsheet would take for a formula gets an apostrophe.
std::string csv_cell(const Context& context, const json::object& line, const char* field) {
  const auto* v = line.if_contains(field);
  std::string text = v == nullptr ? std::string() : clean(cell(*v, context.text));
  if (!text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos) text.insert(0, "'");
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

void print_csv(const Context& context, const json::array& lines) {
  Context::print(fmt::format("{}\r\n", fmt::join(fields, ",")));
  for (const auto& v : lines) {
    std::string row;
    for (const char* field : fields) row += (row.empty() ? "" : ",") + csv_cell(context, v.as_object(), field);
    Context::print(row + "\r\n");
  }
}

Result<int> access(Context& context, const AccessOptions& o) {
  const auto answer = context.query("access", {{"person", o.person}, {"limit", o.limit}});
  if (!answer) return fail(answer.error());
  const json::array lines = answer->is_array() ? answer->get_array() : json::array();
  if (context.options.json) {
    context.print_json(lines);
  } else if (o.csv) {
    print_csv(context, lines);
  } else {
    Context::print(table_of(lines, {"at", "outcome", "organisation", "type", "share", "purpose"}, context.text));
  }
  return Exit::ok;
}

}  // namespace

void add_access_command(CLI::App& app, Context& context) {
  CLI::App* subject = app.get_subcommand("subject");  // commands_subject.cpp
  auto& c = add_command(
      *subject, context, "access", Text::about_subject_access,
      "iro subject access --key school.key.toml 7f3a9c11d2\niro subject access 7f3a9c11d2 --csv > access.csv");
  auto o = std::make_shared<AccessOptions>();
  c.add_option("PSEUDONYM", o->person, context.text(Text::opt_pseudonym))->required();
  c.add_option("--limit", o->limit, context.text(Text::opt_access_limit))->check(CLI::Range(1, 1'000));
  c.add_flag("--csv", o->csv, context.text(Text::opt_csv));
  runs(c, context, o, access);
}

}  // namespace iro::cli

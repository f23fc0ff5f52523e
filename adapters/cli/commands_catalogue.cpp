// types, errors: what this build knows by itself. Neither needs a hub.
#include <fmt/format.h>

#include "adapters/cli/command.hpp"
#include "adapters/cli/table.hpp"

namespace iro::cli {
namespace {

struct NoOptions {};
struct NameOptions {
  std::string name;
};

const std::string& label_of(const schema::EventType& type, Lang lang) { return lang == Lang::nl ? type.nl : type.en; }

std::string kept(const Context& context, const schema::EventType& type) {
  return type.retention_months == 0 ? context.text(Text::for_ever) : context.text(Text::months, type.retention_months);
}

Result<int> list_types(Context& context, const NoOptions&) {
  json::array rows;
  for (const auto* type : context.registry().types()) {
    rows.push_back(json::object{{"type", type->name},
                                {"routing", name_of(type->routing)},
                                {"retention", kept(context, *type)},
                                {"label", label_of(*type, context.text.lang())}});
  }
  if (!context.options.json) {
    Context::print(table_of(rows, {}, context.text));
    return Exit::ok;
  }
  json::array all;
  for (const auto* type : context.registry().types())
    all.push_back(json::parse(context.registry().describe_json(*type)));
  context.print_json(all);
  return Exit::ok;
}

Result<int> show_type(Context& context, const NameOptions& o) {
  const auto type = context.type(o.name);
  if (!type) return fail(type.error());
  if (context.options.json) {
    Context::print(context.registry().describe_json(**type) + '\n');
    return Exit::ok;
  }
  std::string text = context.registry().describe(**type, name_of(context.text.lang()));
  if (!text.ends_with('\n')) text += '\n';
  Context::print(text);
  return Exit::ok;
}

std::string_view word(Permanence permanence) {
  switch (permanence) {
    case Permanence::P:
      return "permanent";
    case Permanence::T:
      return "temporary";
    case Permanence::L:
      break;
  }
  return "local";
}

json::object code_json(const ErrcInfo& code) {
  return {{"code", static_cast<int>(code.code)},
          {"name", code.name},
          {"permanence", word(code.permanence)},
          {"en", code.en},
          {"nl", code.nl},
          {"next", code.next}};
}

Result<int> list_errors(Context& context) {
  json::array rows;
  for (const auto& code : all_codes()) {
    json::object row = code_json(code);
    if (!context.options.json) row["label"] = context.text.lang() == Lang::nl ? code.nl : code.en;
    rows.push_back(std::move(row));
  }
  if (context.options.json) {
    context.print_json(rows);
  } else {
    Context::print(table_of(rows, {"code", "name", "label"}, context.text));
  }
  return Exit::ok;
}

Result<int> errors(Context& context, const NameOptions& o) {
  if (o.name.empty()) return list_errors(context);
  const auto found = find_code(o.name);
  if (!found) return fail(Errc::not_found, context.text(Text::no_such_code, o.name));
  const ErrcInfo& code = info(*found);
  if (context.options.json) {
    context.print_json(code_json(code));
    return Exit::ok;
  }
  const Text kind = code.permanence == Permanence::P   ? Text::code_permanent
                    : code.permanence == Permanence::T ? Text::code_temporary
                                                       : Text::code_local;
  Context::print(fmt::format("{} ({})\n  {}\n  {}\n", code.name, static_cast<int>(code.code),
                             context.text.lang() == Lang::nl ? code.nl : code.en, context.text(kind)));
  if (!code.next.empty()) Context::print(fmt::format("  {}\n", context.text(Text::next_step, code.next)));
  return Exit::ok;
}

}  // namespace

void add_catalogue_commands(CLI::App& app, Context& context) {
  auto& types = add_command(app, context, "types", Text::about_types,
                            "iro types\niro types show vacancy.opened\niro types show vacancy.opened --json");
  runs(types, context, std::make_shared<NoOptions>(), list_types);
  auto& show =
      add_command(types, context, "show", Text::about_types_show, "iro types show handover.requested --lang nl");
  auto o = std::make_shared<NameOptions>();
  show.add_option("TYPE", o->name, context.text(Text::opt_type))->required();
  runs(show, context, o, show_type);
  auto& e = add_command(app, context, "errors", Text::about_errors,
                        "iro errors\niro errors personal_number\niro errors 209 --lang nl");
  auto eo = std::make_shared<NameOptions>();
  e.add_option("CODE", eo->name, context.text(Text::opt_code));
  runs(e, context, eo, errors);
}

}  // namespace iro::cli

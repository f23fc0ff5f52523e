#include "adapters/cli/rows.hpp"

#include "adapters/cli/table.hpp"

namespace iro::cli {

Result<int> print_rows(Context& context, std::string_view view, std::vector<std::string> fields) {
  const auto rows = context.query(view, {});
  if (!rows) return fail(rows.error());
  if (context.options.json) {
    context.print_json(*rows);
  } else if (rows->is_array() && rows->get_array().empty()) {
    context.note(context.text(Text::none));
  } else if (rows->is_array()) {
    Context::print(table_of(rows->get_array(), std::move(fields), context.text));
  }
  return Exit::ok;
}

void print_done(const Context& context, const json::value& answer) {
  const auto* done = answer.is_object() ? answer.get_object().if_contains("done") : nullptr;
  if (context.options.json) {
    context.print_json(answer);
  } else {
    Context::print(context.text(Text::done_count, done == nullptr ? "1" : json::serialize(*done)));
  }
}

}  // namespace iro::cli

// member backfill: history for a member who came later.
#include <fmt/format.h>

#include "adapters/cli/command.hpp"
#include "adapters/cli/moment.hpp"
#include "adapters/cli/operator.hpp"

namespace iro::cli {
namespace {

struct BackfillOptions {
  std::string slug;
  std::vector<std::string> types;
  std::string since;
  std::string reason;
};

Result<int> backfill(Context& context, const BackfillOptions& o) {
  json::array types;
  for (const auto& name : o.types) {
    const auto type = context.type(name);
    if (!type) return fail(type.error());
    types.emplace_back((*type)->name);
  }
  json::object payload{{"backfill_id", "backfill-" + random_name()}, {"member", o.slug}, {"types", std::move(types)}};
  if (!o.since.empty()) {
    const auto since = parse_position(o.since, context.clock.now());
    if (!since || since->from != wire::From::time)
      return fail(Errc::invalid_argument, context.text(Text::since_no_time));
    payload["since"] = format_time(since->time);
  }
  if (!o.reason.empty()) payload["reason"] = o.reason;
  auto op = Operator::open(context);
  if (!op) return fail(op.error());
  IRO_TRY(op->publish("backfill-ordered.v1", payload), "backfill");
  if (context.options.json) {
    context.print_json(payload);
  } else {
    Context::print(context.text(Text::backfill_ordered, o.slug));
  }
  return Exit::ok;
}

}  // namespace

void add_backfill_command(CLI::App& app, Context& context) {
  auto& c =
      add_command(*app.get_subcommand("member"), context, "backfill", Text::about_backfill,
                  "iro --hub region member backfill roc-oost vacancy.opened membership.joined --since 2026-09-01");
  auto o = std::make_shared<BackfillOptions>();
  c.add_option("MEMBER", o->slug, context.text(Text::opt_member))->required();
  c.add_option("TYPE", o->types, context.text(Text::opt_types))->required();
  c.add_option("--since", o->since, context.text(Text::opt_backfill_since));
  c.add_option("--reason", o->reason, context.text(Text::opt_backfill_reason));
  runs(c, context, o, backfill);
}

}  // namespace iro::cli

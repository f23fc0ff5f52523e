// show, status: the hub's answers to questions.
#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "adapters/cli/command.hpp"
#include "adapters/cli/moment.hpp"
#include "adapters/cli/table.hpp"

namespace iro::cli {
namespace {

struct View {
  const char* name;
  const char* arguments;
  Text about;
};
constexpr std::array views = {
    View{"status", "", Text::view_status},       View{"members", "", Text::view_members},
    View{"consumers", "", Text::view_consumers}, View{"parked", "", Text::view_parked},
    View{"events", "[--type T] [--subject S] [--since TIME] [--limit N]", Text::view_events},
    View{"event", "ID", Text::view_event},       View{"types", "", Text::view_types}};

struct ShowOptions {
  std::string view;
  std::string id;
  std::string type;
  std::string subject;
  std::string since;
  std::uint32_t limit = 0;
  std::string args;
};

Result<int> list_views(Context& context) {
  json::array rows;
  for (const auto& view : views) rows.push_back(json::object{{"view", view.name}, {"arguments", view.arguments}, {"about", context.text(view.about)}});
  if (context.options.json) {
    context.print_json(rows);
  } else {
    Context::print(table_of(rows, {"view", "arguments", "about"}, context.text));
  }
  return Exit::ok;
}

Result<json::object> arguments_of(Context& context, const ShowOptions& o) {
  json::object out;
  if (!o.args.empty()) {
    boost::system::error_code ec;
    const json::value given = json::parse(o.args, ec);
    if (ec || !given.is_object()) return fail(Errc::invalid_argument, context.text(Text::args_no_object));
    out = given.get_object();
  }
  if (!o.id.empty()) {
    const auto id = parse_id(o.id);
    if (!id) return fail(id.error());
    out["id"] = to_string(*id);
  }
  if (!o.type.empty()) {
    const auto type = context.type(o.type);
    if (!type) return fail(type.error());
    out["type"] = (*type)->name;
  }
  if (!o.subject.empty()) out["subject"] = o.subject;
  if (!o.since.empty()) {
    const auto since = parse_position(o.since, context.clock.now());
    if (!since) return fail(since.error());
    if (since->from != wire::From::time) return fail(Errc::invalid_argument, context.text(Text::since_no_time));
    out["since"] = format_time(since->time);
  }
  if (o.limit != 0) out["limit"] = o.limit;
  return out;
}

Result<int> show(Context& context, ShowOptions o) {
  if (o.view.empty()) return list_views(context);
  if (parse_event_id(o.view)) {  // `iro show ID` is what people type
    o.id = o.view;
    o.view = "event";
  }
  const auto arguments = arguments_of(context, o);
  if (!arguments) return fail(arguments.error());
  const auto answer = context.query(o.view, *arguments);
  if (!answer) return fail(answer.error());
  if (context.options.json) {
    context.print_json(*answer);
  } else {
    Context::print(tree_of(*answer, context.text));
  }
  return Exit::ok;
}

struct StatusOptions {
  bool watch = false;
};

std::uint64_t count_in(const json::value& status, std::string_view field) {
  const auto* value = status.is_object() ? status.get_object().if_contains(field) : nullptr;
  return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

Result<int> watch(Context& context) {
  StopSignal stop;
  auto client = context.connect();
  if (!client) return fail(client.error());
  std::optional<std::uint64_t> accepted;
  std::optional<std::uint64_t> delivered;
  do {
    const auto status = context.query("status", {}, client->get());
    if (!status) return fail(status.error());
    if (context.options.json) {
      context.print_json(*status);
    } else {
      Context::print("\x1b[H\x1b[J" + tree_of(*status, context.text));
      const auto now_accepted = count_in(*status, "accepted");
      const auto now_delivered = count_in(*status, "delivered");
      if (accepted) Context::print(context.text(Text::rates, now_accepted - std::min(*accepted, now_accepted), now_delivered - std::min(*delivered, now_delivered)));
      accepted = now_accepted;
      delivered = now_delivered;
    }
    std::fflush(stdout);
  } while (!stop.wait(std::chrono::seconds(1)));
  return Exit::ok;
}

Result<int> status(Context& context, const StatusOptions& o) {
  if (o.watch) return watch(context);
  ShowOptions view;
  view.view = "status";
  return show(context, view);
}

}  // namespace

void add_show_command(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "show", Text::about_show,
                        "iro show\niro show events --type vacancy.opened --since 1d --limit 20\niro show 0190b2c4-7e1f-7abc-8def-0123456789ab");
  auto o = std::make_shared<ShowOptions>();
  c.add_option("VIEW", o->view, context.text(Text::opt_view));
  c.add_option("ID", o->id, context.text(Text::opt_view_id));
  c.add_option("--type", o->type, context.text(Text::opt_view_type));
  c.add_option("--subject", o->subject, context.text(Text::opt_view_subject));
  c.add_option("--since", o->since, context.text(Text::opt_view_since));
  c.add_option("--limit", o->limit, context.text(Text::opt_view_limit));
  c.add_option("--args", o->args, context.text(Text::opt_view_args));
  runs(c, context, o, show);
}

void add_status_command(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "status", Text::about_status, "iro status --hub region\niro status --watch\niro status --json | jq .accepted");
  auto o = std::make_shared<StatusOptions>();
  c.add_flag("--watch", o->watch, context.text(Text::opt_watch));
  runs(c, context, o, status);
}

}  // namespace iro::cli

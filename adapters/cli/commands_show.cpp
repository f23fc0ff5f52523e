// show, status: the hub's answers to questions.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include "adapters/cli/command.hpp"
#include "adapters/cli/moment.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/plot.hpp"
#include "adapters/cli/plugin_view.hpp"
#include "adapters/cli/rows.hpp"
#include "adapters/cli/table.hpp"

namespace iro::cli {
namespace {

struct View {
  const char* name;
  const char* arguments;
  Text about;
};
constexpr std::array views = {View{"status", "", Text::view_status},
                              View{"members", "", Text::view_members},
                              View{"directory", "[--args '{\"member\": M}']", Text::view_directory},
                              View{"consumers", "", Text::view_consumers},
                              View{"parked", "", Text::view_parked},
                              View{"events", "[--type T] [--subject S] [--since TIME] ...", Text::view_events},
                              View{"event", "ID", Text::view_event},
                              View{"explain", "ID", Text::about_explain},
                              View{"types", "", Text::view_types},
                              View{"plugin-views", "", Text::view_plugin_views},
                              View{"plugin/ID/VIEW", "[--args '{...}']", Text::view_plugin}};

constexpr std::string_view of_plugins = "plugin/";

struct ShowOptions {
  std::string view;
  std::string id;
  std::string type;
  std::string subject;
  std::string correlation;
  std::string since;
  std::string until;
  std::string next;
  std::uint32_t limit = 0;
  bool oldest = false;
  bool data = false;
  std::string purpose;
  std::string args;
  std::string week;
  std::string plot;
};

Result<int> list_views(Context& context) {
  json::array rows;
  for (const auto& view : views)
    rows.push_back(
        json::object{{"view", view.name}, {"arguments", view.arguments}, {"about", context.text(view.about)}});
  if (context.options.json) {
    context.print_json(rows);
  } else {
    Context::print(table_of(rows, {"view", "arguments", "about"}, context.text));
  }
  return Exit::ok;
}

Status put_id(json::object& out, std::string_view name, const std::string& text) {
  if (text.empty()) return {};
  const auto id = parse_id(text);
  if (!id) return fail(id.error());
  out[name] = to_string(*id);
  return {};
}

Status put_time(Context& context, json::object& out, std::string_view name, const std::string& text) {
  if (text.empty()) return {};
  const auto time = parse_position(text, context.clock.now());
  if (!time) return fail(time.error());
  if (time->from != wire::From::time) return fail(Errc::invalid_argument, context.text(Text::since_no_time));
  out[name] = format_time(time->time);
  return {};
}

Result<json::object> arguments_of(Context& context, const ShowOptions& o) {
  json::object out;
  if (!o.args.empty()) {
    boost::system::error_code ec;
    const json::value given = json::parse(o.args, ec);
    if (ec || !given.is_object()) return fail(Errc::invalid_argument, context.text(Text::args_no_object));
    out = given.get_object();
  }
  if (o.view.starts_with(of_plugins)) {
    if (!o.id.empty()) out["id"] = o.id;
    if (!o.week.empty()) out["week"] = o.week;
  } else {
    IRO_TRY(put_id(out, "id", o.id), "event");
  }
  IRO_TRY(put_id(out, "correlation", o.correlation), "--correlation");
  IRO_TRY(put_time(context, out, "since", o.since), "--since");
  IRO_TRY(put_time(context, out, "until", o.until), "--until");
  if (!o.type.empty()) out["type"] = context.registry().find_loosely(o.type) == nullptr ? o.type + '.' : o.type;
  if (!o.subject.empty()) out["subject"] = o.subject;
  if (!o.next.empty()) out["from"] = o.next;
  if (o.limit != 0) out["limit"] = o.limit;
  if (o.oldest) out["order"] = "oldest";
  if (o.data) out["data"] = true;
  if (!o.purpose.empty()) out["purpose"] = o.purpose;
  return out;
}

/// The view "events" in a table: who said what, when, and the id to ask on with.
void print_events(Context& context, const json::object& answer) {
  json::array rows;
  for (const auto& row : answer.at("events").get_array()) {
    const auto* event = row.is_object() ? row.get_object().if_contains("event") : nullptr;
    if (event == nullptr || !event->is_object()) continue;
    json::object out = event->get_object();
    const auto time = parse_time(text_of(out, "recordedtime"));
    if (time) out["time"] = local_time(*time, context.clock.now());
    if (const auto* routing = row.get_object().if_contains("routing"); routing != nullptr && routing->is_object()) {
      out["sender"] = text_of(routing->get_object(), "sender");
    }
    rows.push_back(std::move(out));
  }
  Context::print(table_of(rows, {"time", "type", "subject", "sender", "id"}, context.text));
  if (const std::string next = text_of(answer, "next"); !next.empty()) context.note(context.text(Text::more, next));
}

void print_answer(Context& context, const json::value& answer) {
  if (context.options.json) return context.print_json(answer);
  if (answer.is_object() && answer.get_object().contains("kind") && answer.get_object().contains("data"))
    return Context::print(drawn(answer.get_object(), context.text));
  const auto* events = answer.is_object() ? answer.get_object().if_contains("events") : nullptr;
  if (events != nullptr && events->is_array()) return print_events(context, answer.get_object());
  Context::print(tree_of(answer, context.text));
}

/// What came in by type: a part of the status.
Result<int> show_types(Context& context) {
  const auto status = context.query("status", {});
  if (!status) return fail(status.error());
  const auto* types = status->is_object() ? status->get_object().if_contains("types") : nullptr;
  print_answer(context, types == nullptr ? json::value(json::object()) : *types);
  return Exit::ok;
}

/// `chains` is what people type for plugin/chain-placement/chains. The name itself when it is not a rule's alone: the
/// hub answers for it.
Result<std::string> full_name(Context& context, const std::string& name) {
  const bool built_in = std::ranges::any_of(views, [&](const View& view) { return view.name == name; });
  if (built_in || name.find('/') != std::string::npos) return name;
  const auto offered = context.query("plugin-views", {});
  if (!offered || !offered->is_array()) return name;
  std::vector<std::string> found;
  for (const auto& row : offered->get_array()) {
    std::string view = row.is_object() ? text_of(row.get_object(), "view") : std::string();
    if (view.ends_with("/" + name)) found.push_back(std::move(view));
  }
  if (found.size() > 1)
    return fail(Errc::invalid_argument, context.text(Text::view_ambiguous, name, fmt::join(found, ", ")));
  return found.empty() ? name : found.front();
}

Result<int> plot(Context& context, const json::value& answer, const std::string& file) {
  if (!answer.is_object()) return fail(Errc::invalid_argument, context.text(Text::plot_kind, "list"));
  const auto picture = plotted(answer.get_object(), context.text);
  if (!picture) return fail(picture.error());
  std::ofstream out(file, std::ios::binary);
  out << *picture;
  if (!out.flush()) return fail(Errc::io, fmt::format("{}: it cannot be written", file));
  if (context.options.json) {
    context.print_json(json::object{{"file", file}});
  } else {
    Context::print(context.text(Text::plotted_to, file));
  }
  return Exit::ok;
}

Result<int> show(Context& context, ShowOptions o) {
  if (o.view.empty()) return list_views(context);
  if (parse_event_id(o.view)) {  // `iro show ID` is what people type
    o.id = o.view;
    o.view = "event";
  }
  if (o.view == "types") return show_types(context);
  if (o.view == "plugin-views")
    return print_rows(context, o.view, {"view", "kind", context.text.lang() == Lang::nl ? "nl" : "en"});
  auto name = full_name(context, o.view);
  if (!name) return fail(name.error());
  o.view = std::move(*name);
  const auto arguments = arguments_of(context, o);
  if (!arguments) return fail(arguments.error());
  const auto answer = context.query(o.view, *arguments);
  if (!answer) return fail(answer.error());
  if (!o.plot.empty()) return plot(context, *answer, o.plot);
  print_answer(context, *answer);
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
      if (accepted)
        Context::print(context.text(Text::rates, now_accepted - std::min(*accepted, now_accepted),
                                    now_delivered - std::min(*delivered, now_delivered)));
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
                        "iro show\niro show events --type vacancy.opened --since 1d --limit 20\niro show "
                        "0190b2c4-7e1f-7abc-8def-0123456789ab\niro show chain ch-1\niro show "
                        "plugin/chain-placement/timeline --plot chains.svg");
  auto o = std::make_shared<ShowOptions>();
  c.add_option("VIEW", o->view, context.text(Text::opt_view));
  c.add_option("ID", o->id, context.text(Text::opt_view_id));
  c.add_option("--type", o->type, context.text(Text::opt_view_type));
  c.add_option("--subject", o->subject, context.text(Text::opt_view_subject));
  c.add_option("--correlation", o->correlation, context.text(Text::opt_view_correlation));
  c.add_option("--since", o->since, context.text(Text::opt_view_since));
  c.add_option("--until", o->until, context.text(Text::opt_view_until));
  c.add_flag("--oldest", o->oldest, context.text(Text::opt_view_oldest));
  c.add_flag("--data", o->data, context.text(Text::opt_view_data));
  c.add_option("--purpose", o->purpose, context.text(Text::opt_purpose));
  c.add_option("--next", o->next, context.text(Text::opt_view_next));
  c.add_option("--limit", o->limit, context.text(Text::opt_view_limit));
  c.add_option("--week", o->week, context.text(Text::opt_week));
  c.add_option("--plot", o->plot, context.text(Text::opt_plot));
  c.add_option("--args", o->args, context.text(Text::opt_view_args));
  runs(c, context, o, show);
}

void add_status_command(CLI::App& app, Context& context) {
  auto& c = add_command(app, context, "status", Text::about_status,
                        "iro status --hub region\niro status --watch\niro status --json | jq .accepted");
  auto o = std::make_shared<StatusOptions>();
  c.add_flag("--watch", o->watch, context.text(Text::opt_watch));
  runs(c, context, o, status);
}

}  // namespace iro::cli

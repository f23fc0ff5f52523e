// consumer, replay, parked: a member's own consumers, and what waits in them.
#include <fmt/format.h>

#include "adapters/cli/command.hpp"
#include "adapters/cli/consumers.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/rows.hpp"

namespace iro::cli {
namespace {

struct NoOptions {};
struct NameOptions {
  std::string name;
  std::string from;
};

Result<int> list_consumers(Context& context, const NoOptions&) {
  return print_rows(
      context, "consumers",
      {"member", "consumer", "attached", "at_head", "outstanding", "waiting", "parked", "paused", "filter"});
}

Result<int> remove(Context& context, const NameOptions& o) {
  if (!valid_consumer(o.name)) return fail(Errc::invalid_argument, context.text(Text::consumer_name, o.name));
  const auto answer = context.control("consumer.remove", {{"consumer", o.name}});
  if (!answer) return fail(answer.error());
  std::error_code ec;
  fs::remove_all(consumer_folder(context, o.name), ec);  // what `iro tail --consumer` kept here, if anything
  print_done(context, *answer);
  return Exit::ok;
}

Result<int> move(Context& context, const NameOptions& o) {
  const auto position = parse_position(o.from, context.clock.now());
  if (!position) return fail(position.error());
  IRO_TRY(seek(context, o.name, *position), "move the consumer");
  if (context.options.json) {
    context.print_json(json::object{{"consumer", o.name}, {"from", o.from}});
  } else {
    Context::print(context.text(Text::consumer_moved, o.name, o.from));
  }
  return Exit::ok;
}

struct ParkedOptions {
  std::string consumer;
  std::string ref;
  bool all = false;
};

Result<int> list_parked(Context& context, const NoOptions&) {
  return print_rows(context, "parked", {"member", "consumer", "ref", "state", "attempts", "due", "subject", "reason"});
}

Result<int> parked_command(Context& context, const ParkedOptions& o, std::string_view command) {
  if (o.ref.empty() == !o.all) return fail(Errc::invalid_argument, context.text(Text::ref_or_all));
  json::object args{{"consumer", o.consumer}};
  if (!o.all) args["ref"] = o.ref;
  const auto answer = context.control(command, args);
  if (!answer) return fail(answer.error());
  print_done(context, *answer);
  return Exit::ok;
}

void add_consumer(CLI::App& app, Context& context) {
  auto& consumer = add_command(app, context, "consumer", Text::about_consumer);
  consumer.require_subcommand(1);
  runs(add_command(consumer, context, "ls", Text::about_consumer_ls, "iro consumer ls"), context,
       std::make_shared<NoOptions>(), list_consumers);
  auto& rm = add_command(consumer, context, "rm", Text::about_consumer_rm, "iro consumer rm nightly");
  auto r = std::make_shared<NameOptions>();
  rm.add_option("NAME", r->name, context.text(Text::opt_consumer))->required();
  runs(rm, context, r, remove);
  auto& to = add_command(consumer, context, "seek", Text::about_seek,
                         "iro consumer seek nightly --from beginning\niro consumer seek nightly --from 2d");
  auto s = std::make_shared<NameOptions>();
  to.add_option("NAME", s->name, context.text(Text::opt_consumer))->required();
  to.add_option("--from", s->from, context.text(Text::opt_from))->required();
  runs(to, context, s, move);
  auto& replay =
      add_command(app, context, "replay", Text::about_replay, "iro replay --consumer nightly --from 2026-11-01");
  auto p = std::make_shared<NameOptions>();
  replay.add_option("--consumer", p->name, context.text(Text::opt_consumer))->required();
  replay.add_option("--from", p->from, context.text(Text::opt_from))->required();
  runs(replay, context, p, move);
}

void add_parked_command(CLI::App& parked, Context& context, const char* name, Text about, const char* command,
                        const char* examples) {
  auto& c = add_command(parked, context, name, about, examples);
  auto o = std::make_shared<ParkedOptions>();
  c.add_option("CONSUMER", o->consumer, context.text(Text::opt_consumer))->required();
  c.add_option("--ref", o->ref, context.text(Text::opt_ref));
  c.add_flag("--all", o->all, context.text(Text::opt_all_parked));
  runs(c, context, o,
       [command](Context& in, const ParkedOptions& options) { return parked_command(in, options, command); });
}

}  // namespace

void add_consumer_commands(CLI::App& app, Context& context) {
  add_consumer(app, context);
  auto& parked = add_command(app, context, "parked", Text::about_parked);
  parked.require_subcommand(1);
  runs(add_command(parked, context, "ls", Text::about_parked_ls, "iro parked ls"), context,
       std::make_shared<NoOptions>(), list_parked);
  add_parked_command(parked, context, "redrive", Text::about_redrive, "parked.redrive",
                     "iro parked redrive nightly --all\niro parked redrive nightly --ref 5f0c...");
  add_parked_command(parked, context, "skip", Text::about_skip, "parked.skip", "iro parked skip nightly --ref 5f0c...");
}

}  // namespace iro::cli

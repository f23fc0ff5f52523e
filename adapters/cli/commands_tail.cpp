// tail: what the member may know, as it comes in or from anywhere in the past.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "adapters/cli/command.hpp"
#include "adapters/cli/consumers.hpp"
#include "adapters/cli/event_line.hpp"
#include "adapters/cli/moment.hpp"
#include "adapters/cli/operator.hpp"

namespace iro::cli {
namespace {

using Steady = std::chrono::steady_clock;

struct TailOptions {
  std::string from;
  std::string filter;
  std::vector<std::string> types;
  std::string subject;
  std::string consumer;
  std::uint64_t count = 0;
  std::uint32_t until_idle_ms = 0;
};

/// Writes events down; its handle() runs on the client's worker thread, the rest on the main thread.
class Printer {
 public:
  Printer(Context& context, EventLines lines, std::uint64_t most, bool flush_each)
      : context_(context),
        registry_(context.registry()),
        lines_(std::move(lines)),
        most_(most),
        flush_each_(flush_each) {}

  client::Verdict handle(const client::Delivery& delivery) {
    // What comes after the last one wanted stays undone, so that a durable consumer gets it next time.
    if (finished()) return client::Verdict::later(0);
    if (!write(delivery.event)) {
      failed_ = true;
      return client::Verdict::later(0);
    }
    printed_.fetch_add(1);
    last_.store(Steady::now().time_since_epoch().count());
    return client::Verdict::done();
  }

  [[nodiscard]] bool finished() const { return failed_ || (most_ != 0 && printed_ >= most_); }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::uint64_t printed() const { return printed_; }
  [[nodiscard]] Steady::duration idle() const {
    return Steady::now().time_since_epoch() - Steady::duration(last_.load());
  }

 private:
  bool write(const schema::EventView& event) {
    std::string line;
    if (context_.options.json) {
      auto text = registry_.event_to_json(event);
      // A type that this program is too old for still has attributes.
      line = text ? std::move(*text)
                  : json::serialize(json::object{
                        {"id", to_string(event.id)}, {"type", event.type}, {"error", text.error().text()}});
    } else {
      line = lines_.line(event, context_.clock.now());
    }
    line += '\n';
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() &&
           (!flush_each_ || std::fflush(stdout) == 0);
  }

  Context& context_;
  const schema::Registry& registry_;
  EventLines lines_;
  std::uint64_t most_;
  bool flush_each_;
  std::atomic<std::uint64_t> printed_ = 0;
  std::atomic<bool> failed_ = false;
  std::atomic<Steady::rep> last_ = Steady::now().time_since_epoch().count();
};

/// A type by its full or short name, or a whole subject ("vacancy").
Result<json::object> type_filter(Context& context, const std::string& name) {
  if (const auto* type = context.registry().find_loosely(name)) return json::object{{"exact", {{"type", type->name}}}};
  const std::string prefix = "nl.placements." + name + '.';
  for (const auto* type : context.registry().types()) {
    if (type->name.starts_with(prefix)) return json::object{{"prefix", {{"type", prefix}}}};
  }
  return fail(Errc::unknown_type, fmt::format("'{}'", name));
}

/// All of --filter, --type and --subject must hold; of several types, any.
Result<std::string> filter_of(Context& context, const TailOptions& o) {
  json::array all;
  if (!o.filter.empty()) {
    boost::system::error_code ec;
    json::value given = json::parse(o.filter, ec);
    if (ec) return fail(Errc::filter_invalid, fmt::format("no JSON: {}", ec.message()));
    if (given.is_array()) {
      all = std::move(given.get_array());
    } else {
      all.push_back(std::move(given));
    }
  }
  json::array any;
  for (const auto& name : o.types) {
    auto one = type_filter(context, name);
    if (!one) return fail(one.error());
    any.push_back(std::move(*one));
  }
  if (any.size() == 1) all.push_back(any.front());
  if (any.size() > 1) all.push_back(json::object{{"any", std::move(any)}});
  if (!o.subject.empty()) all.push_back(json::object{{"prefix", {{"subject", o.subject}}}});
  return all.empty() ? std::string() : json::serialize(all);
}

Result<client::Subscription> subscription_of(Context& context, const TailOptions& o) {
  client::Subscription out;
  out.ephemeral = o.consumer.empty();
  out.consumer = out.ephemeral ? "tail-" + random_name() : o.consumer;
  if (!valid_consumer(out.consumer))
    return fail(Errc::invalid_argument, context.text(Text::consumer_name, out.consumer));
  auto filter = filter_of(context, o);
  if (!filter) return fail(filter.error());
  out.filter = std::move(*filter);
  // A durable consumer goes on where it was; a passing one begins at the beginning.
  out.from = out.ephemeral ? wire::From::beginning : wire::From::cursor;
  if (!o.from.empty()) {
    const auto position = parse_position(o.from, context.clock.now());
    if (!position) return fail(position.error());
    put(*position, out);
  }
  if (o.count != 0) out.credit_events = static_cast<std::uint32_t>(std::min<std::uint64_t>(o.count, 1'024));
  // Printing is no transaction, and a replay must show again what was shown before.
  out.deduplicate = false;
  return out;
}

/// Members by OIN, so that a line can say who. Best effort: sources are shown instead.
std::map<std::string, std::string> names_of(Context& context, client::Client& client) {
  std::map<std::string, std::string> out;
  const auto rows = context.query("members", {}, &client);
  if (!rows || !rows->is_array()) return out;
  for (const auto& row : rows->get_array()) {
    if (row.is_object()) out[text_of(row.get_object(), "oin")] = text_of(row.get_object(), "member");
  }
  return out;
}

void wait(StopSignal& stop, const Printer& printer, std::uint32_t until_idle_ms) {
  constexpr std::chrono::milliseconds tick(50);
  while (!printer.finished() && !stop.wait(tick)) {
    std::fflush(stdout);
    if (until_idle_ms != 0 && printer.idle() >= std::chrono::milliseconds(until_idle_ms)) return;
  }
}

Result<int> tail(Context& context, const TailOptions& o) {
  auto subscription = subscription_of(context, o);
  if (!subscription) return fail(subscription.error());
  StopSignal stop;
  const auto folder = subscription->ephemeral ? fs::path() : consumer_folder(context, o.consumer);
  auto client = context.connect(folder);
  if (!client) return fail(client.error());
  std::map<std::string, std::string> names;
  if (!context.options.json) names = names_of(context, **client);
  const bool flush_each = !subscription->ephemeral || ::isatty(STDOUT_FILENO) != 0;
  Printer printer(context, EventLines(context.registry(), context.text, std::move(names)), o.count, flush_each);
  IRO_TRY(
      (*client)->subscribe(*subscription, [&](const client::Delivery& delivery) { return printer.handle(delivery); }),
      "tail");
  wait(stop, printer, o.until_idle_ms);
  client->reset();  // no handler runs from here on
  if (printer.failed()) return fail(Errc::io, context.text(Text::output_failed));
  if (context.wants_progress()) context.note(context.text(Text::tail_done, printer.printed()));
  return Exit::ok;
}

}  // namespace

void add_tail_command(CLI::App& app, Context& context) {
  auto& c = add_command(
      app, context, "tail", Text::about_tail,
      "iro tail --from now\niro tail --type vacancy --from 2h\niro tail --json --until-idle 1000 > all.jsonl\n"
      "iro tail --consumer nightly --until-idle 2000 --json\n"
      "iro tail --filter '{\"suffix\": {\"source\": \":systeem:sis\"}}'");
  auto o = std::make_shared<TailOptions>();
  c.add_option("--from", o->from, context.text(Text::opt_from));
  c.add_option("--type", o->types, context.text(Text::opt_tail_type));
  c.add_option("--subject", o->subject, context.text(Text::opt_tail_subject));
  c.add_option("--filter", o->filter, context.text(Text::opt_filter));
  c.add_option("--consumer", o->consumer, context.text(Text::opt_tail_consumer));
  c.add_option("--count", o->count, context.text(Text::opt_count));
  c.add_option("--until-idle", o->until_idle_ms, context.text(Text::opt_until_idle));
  runs(c, context, o, tail);
}

}  // namespace iro::cli

// publish: one event, or a file of them.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <unordered_map>

#include "adapters/cli/command.hpp"
#include "adapters/cli/moment.hpp"
#include "adapters/cli/operator.hpp"
#include "adapters/cli/table.hpp"
#include "hub/base/bytes.hpp"
#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"

namespace iro::cli {
namespace {

constexpr std::uint64_t most_waiting = 100'000;  // in the outbox; then the reader of the file waits for the hub

struct PublishOptions {
  std::string type;
  std::string data;
  fs::path events;
  std::string subject;
  std::string correlation;
  std::string causation;
  std::string expires;
  std::string foreign_id;
  fs::path outbox;
};

/// How one line of the input ended.
struct Outcome {
  std::size_t line = 0;
  std::optional<EventId> id;  // none: it never became an event
  std::optional<Error> refused;
  std::optional<std::string> held;  // why it is given to nobody yet
};

Result<std::string> read_all(std::istream& in, std::string_view name) {
  std::string out(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) return fail(Errc::io, fmt::format("{} cannot be read", name));
  return out;
}

/// JSON itself, @FILE, or standard input.
Result<std::string> data_of(const PublishOptions& o) {
  if (o.data.empty() || o.data == "-" || o.data == "@-") return read_all(std::cin, "standard input");
  if (!o.data.starts_with('@')) return o.data;
  const std::string path = o.data.substr(1);
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Errc::io, fmt::format("{} cannot be read", path));
  return read_all(in, path);
}

Status set_attributes(schema::Event& event, const PublishOptions& o, TimeMs now) {
  event.subject = o.subject;
  event.foreign_id = o.foreign_id;
  for (const auto& [text, target] :
       {std::pair{&o.correlation, &event.correlationid}, {&o.causation, &event.causationid}}) {
    if (text->empty()) continue;
    const auto id = parse_id(*text);
    if (!id) return fail(id.error());
    *target = *id;
  }
  if (o.expires.empty()) return {};
  const auto expiry = parse_expiry(o.expires, now);
  if (!expiry) return fail(expiry.error());
  event.expirytime = *expiry;
  return {};
}

Result<schema::Event> single_event(Context& context, const PublishOptions& o) {
  const auto type = context.type(o.type);
  if (!type) return fail(type.error());
  const auto data = data_of(o);
  if (!data) return fail(data.error());
  auto payload = context.registry().from_json(**type, *data);
  if (!payload) return fail(payload.error());
  schema::Event event;
  event.type = (*type)->name;
  event.revision = (*type)->revision;
  event.payload = std::move(*payload);
  IRO_TRY(set_attributes(event, o, context.clock.now()), "publish");
  return event;
}

/// One session for each outbox: two of them may follow each other at once, or run side by side.
std::string session_name(const fs::path& outbox) {
  const Hash hash = sha256(as_bytes(fs::absolute(outbox).lexically_normal().string()));
  return "cli-" + to_hex(ByteView(hash).first(6));
}

/// Events on their way: goes to the outbox in portions, so that a large file needs little memory and few syncs.
class Portions {
 public:
  Portions(Context& context, client::Client& client) : context_(context), client_(client) {}

  Status add(std::size_t line, schema::Event event) {
    lines_.push_back(line);
    events_.push_back(std::move(event));
    return events_.size() < limits::events_per_pub ? Status() : send();
  }
  void refuse(std::size_t line, Error why) { outcomes_.push_back({line, std::nullopt, std::move(why), std::nullopt}); }

  Status send() {
    if (events_.empty()) return {};
    if (client_.publish_stats().waiting > most_waiting) IRO_TRY(settle(context_, client_), "publish");
    const auto ids = client_.publish(events_);
    if (!ids) return fail(ids.error());
    for (std::size_t i = 0; i < ids->size(); ++i) {
      by_id_[(*ids)[i]] = outcomes_.size();
      outcomes_.push_back({lines_[i], (*ids)[i], std::nullopt, std::nullopt});
    }
    events_.clear();
    lines_.clear();
    return {};
  }

  /// What the hub refused or holds, at its lines; ordered by line.
  std::vector<Outcome> finish() {
    for (auto& refused : client_.take_refused()) {
      const auto at = by_id_.find(refused.id);
      if (at != by_id_.end()) outcomes_[at->second].refused = Error{refused.code, std::move(refused.reason)};
    }
    for (auto& held : client_.take_held()) {
      const auto at = by_id_.find(held.id);
      if (at != by_id_.end()) outcomes_[at->second].held = std::move(held.reason);
    }
    std::ranges::stable_sort(outcomes_, {}, &Outcome::line);
    return std::move(outcomes_);
  }

 private:
  Context& context_;
  client::Client& client_;
  std::vector<std::size_t> lines_;
  std::vector<schema::Event> events_;
  std::vector<Outcome> outcomes_;
  std::unordered_map<EventId, std::size_t> by_id_;
};

Status read_events(Context& context, std::istream& in, Portions& portions) {
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto event = context.registry().event_from_json(line);
    if (event) {
      IRO_TRY(portions.add(number, std::move(*event)), fmt::format("line {}", number));
    } else {
      portions.refuse(number, event.error());
    }
  }
  if (in.bad()) return fail(Errc::io, "the events cannot be read");
  return portions.send();
}

Status fill(Context& context, const PublishOptions& o, Portions& portions) {
  if (o.events == "-") return read_events(context, std::cin, portions);
  std::ifstream in(o.events, std::ios::binary);
  if (!in) return fail(Errc::io, fmt::format("{} cannot be read", o.events.string()));
  return read_events(context, in, portions);
}

json::object outcome_json(const Outcome& outcome) {
  json::object out{{"line", outcome.line},
                   {"result", outcome.refused ? "refused"
                              : outcome.held  ? "held"
                                              : "accepted"}};
  if (outcome.id) out["id"] = to_string(*outcome.id);
  if (outcome.held) out["reason"] = *outcome.held;
  if (!outcome.refused) return out;
  out["code"] = info(outcome.refused->code).name;
  out["reason"] = outcome.refused->message;
  return out;
}

/// Ids of what was accepted on standard output; refusals, and what is held, with their lines on standard error.
std::size_t report(const Context& context, const std::vector<Outcome>& outcomes) {
  std::size_t refused = 0;
  for (const auto& outcome : outcomes) {
    refused += outcome.refused ? 1 : 0;
    if (context.options.json) {
      context.print_json(outcome_json(outcome));
    } else if (!outcome.refused) {
      Context::print(to_string(*outcome.id) + '\n');
      if (outcome.held) fmt::print(stderr, "{}\n", context.text(Text::line_held, outcome.line, clean(*outcome.held)));
    } else {
      fmt::print(stderr, "{}\n", context.text(Text::line_refused, outcome.line, clean(outcome.refused->text())));
    }
  }
  return refused;
}

Result<int> publish_file(Context& context, const PublishOptions& o, client::Client& client) {
  Portions portions(context, client);
  IRO_TRY(fill(context, o, portions), "publish");
  const Status settled = settle(context, client);
  const auto outcomes = portions.finish();
  if (!settled) return fail(settled.error());
  const std::size_t refused = report(context, outcomes);
  context.note(context.text(Text::publish_done, outcomes.size() - refused, refused));
  return refused == 0 ? Exit::ok : Exit::failed;
}

Result<int> publish_one(Context& context, schema::Event event, client::Client& client) {
  Portions portions(context, client);
  IRO_TRY(portions.add(1, std::move(event)), "publish");
  IRO_TRY(portions.send(), "publish");
  IRO_TRY(settle(context, client), "publish");
  const auto outcomes = portions.finish();
  if (outcomes.front().refused) return fail(*outcomes.front().refused);
  report(context, outcomes);
  return Exit::ok;
}

Result<int> publish(Context& context, const PublishOptions& o) {
  if (o.type.empty() == o.events.empty()) return fail(Errc::invalid_argument, context.text(Text::publish_what));
  std::optional<schema::Event> one;
  if (o.events.empty()) {
    auto event = single_event(context, o);
    if (!event) return fail(event.error());
    one = std::move(*event);
  }
  const fs::path outbox = o.outbox.empty() ? fs::absolute(context.key_path()).parent_path() / "cli" : o.outbox;
  auto client = context.connect(outbox, session_name(outbox));
  if (!client) return fail(client.error());
  if (one) return publish_one(context, std::move(*one), **client);
  return publish_file(context, o, **client);
}

}  // namespace

void add_publish_command(CLI::App& app, Context& context) {
  auto& c = add_command(
      app, context, "publish", Text::about_publish,
      "iro publish --type vacancy.withdrawn --data '{\"vacancy_id\": \"vac-1\", \"provider\": \"waterpoort\"}'\n"
      "iro publish --type vacancy.opened --data @vacancy.json\n"
      "iro publish --events events.jsonl --json\n"
      "my-export | iro publish --events - --outbox spool");
  auto o = std::make_shared<PublishOptions>();
  c.add_option("--type", o->type, context.text(Text::opt_type));
  c.add_option("--data", o->data, context.text(Text::opt_data));
  c.add_option("--events", o->events, context.text(Text::opt_events))->excludes("--type", "--data");
  c.add_option("--subject", o->subject, context.text(Text::opt_subject));
  c.add_option("--correlation", o->correlation, context.text(Text::opt_correlation));
  c.add_option("--causation", o->causation, context.text(Text::opt_causation));
  c.add_option("--expires", o->expires, context.text(Text::opt_expires));
  c.add_option("--foreign-id", o->foreign_id, context.text(Text::opt_foreign_id));
  c.add_option("--outbox", o->outbox, context.text(Text::opt_outbox));
  runs(c, context, o, publish);
}

}  // namespace iro::cli

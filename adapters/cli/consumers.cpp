#include "adapters/cli/consumers.hpp"

#include <fmt/format.h>

#include "adapters/cli/operator.hpp"

namespace iro::cli {
namespace {

/// The consumer's row in the hub's list: its filter must be given again, or moving it would take the filter off.
Result<json::object> own_consumer(Context& context, client::Client& client, const std::string& name) {
  const auto keys = context.key();
  if (!keys) return fail(keys.error());
  const auto rows = context.query("consumers", {}, &client);
  if (!rows) return fail(rows.error());
  for (const auto& row : rows->is_array() ? rows->get_array() : json::array()) {
    if (!row.is_object()) continue;
    const json::object& o = row.get_object();
    if (text_of(o, "consumer") == name && text_of(o, "member") == keys->member) return o;
  }
  return fail(Errc::consumer_unknown, fmt::format("{} has no consumer '{}'", keys->member, name));
}

bool attached(const json::object& consumer) {
  const auto* value = consumer.if_contains("attached");
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

bool valid_consumer(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

fs::path consumer_folder(const Context& context, const std::string& name) {
  return fs::absolute(context.key_path()).parent_path() / "cli" / ("consumer-" + name);
}

void put(const Position& position, client::Subscription& subscription) {
  subscription.from = position.from;
  subscription.token = position.token;
  subscription.time = position.time;
  subscription.event = position.event;
}

Status seek(Context& context, const std::string& name, const Position& position) {
  auto folder = TemporaryFolder::create();
  if (!folder) return fail(folder.error());
  auto client = context.connect(folder->path());
  if (!client) return fail(client.error());
  const auto consumer = own_consumer(context, **client, name);
  if (!consumer) return fail(consumer.error());
  if (attached(*consumer)) return fail(Errc::session_busy, context.text(Text::consumer_in_use, name));
  client::Subscription subscription;
  subscription.consumer = name;
  subscription.filter = text_of(*consumer, "filter");
  subscription.deduplicate = false;
  subscription.credit_events = 1;
  put(position, subscription);
  // The hub has moved it when subscribe() returns. What comes meanwhile is not ours to handle: it is sent again to
  // whoever uses the consumer.
  IRO_TRY(
      (*client)->subscribe(std::move(subscription), [](const client::Delivery&) { return client::Verdict::later(0); }),
      name);
  return (*client)->unsubscribe(name);
}

}  // namespace iro::cli

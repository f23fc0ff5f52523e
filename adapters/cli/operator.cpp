#include "adapters/cli/operator.hpp"

#include <fmt/format.h>

namespace iro::cli {
namespace {

constexpr std::string_view command_prefix = "nl.placements.hub.";

/// The hub's folder when it is known; a bare --key says nothing about it.
std::optional<fs::path> hub_folder(const Context& context) {
  if (!context.options.key.empty() || context.options.hub.empty()) {
    const fs::path folder = context.key_path().parent_path();
    std::error_code ec;
    if (context.key_path().filename() == "operator.key.toml" && fs::exists(folder / "hub.toml", ec)) return folder;
    return std::nullopt;
  }
  return context.options.hub;
}

Result<schema::Event> command_event(Context& context, const Operator::Command& command) {
  const schema::EventType* type = context.registry().find(std::string(command_prefix) + command.verb);
  if (type == nullptr) return fail(Errc::unknown_type, command.verb);
  auto payload = context.registry().from_json(*type, json::serialize(command.payload));
  if (!payload) return fail(payload.error());
  schema::Event event;
  event.type = type->name;
  event.revision = type->revision;
  event.payload = std::move(*payload);
  return event;
}

}  // namespace

Result<Operator> Operator::open(Context& context) {
  std::optional<TemporaryFolder> temporary;
  fs::path folder;
  if (const auto hub = hub_folder(context)) {
    folder = *hub / "operator";
  } else {
    auto made = TemporaryFolder::create();
    if (!made) return fail(made.error());
    folder = made->path();
    temporary = std::move(*made);
  }
  auto client = context.connect(folder, temporary ? std::string() : "operator");
  if (!client) return fail(client.error());
  return Operator(context, std::move(temporary), std::move(*client));
}

Result<std::map<std::size_t, Error>> Operator::publish(const std::vector<Command>& commands) {
  std::vector<schema::Event> events;
  for (const auto& command : commands) {
    auto event = command_event(*context_, command);
    if (!event) return fail(event.error());
    events.push_back(std::move(*event));
  }
  const auto ids = client_->publish(events);
  if (!ids) return fail(ids.error());
  IRO_TRY(settle(*context_, *client_), "publish");
  std::map<std::size_t, Error> out;
  for (auto& refused : client_->take_refused()) {
    const auto at = std::ranges::find(*ids, refused.id);
    if (at == ids->end()) continue;  // left over from an earlier command, which told its user that it waited
    out[static_cast<std::size_t>(at - ids->begin())] = {refused.code, std::move(refused.reason)};
  }
  return out;
}

Status Operator::publish(std::string verb, json::object payload) {
  auto refused = publish(std::vector<Command>{{std::move(verb), std::move(payload)}});
  if (!refused) return fail(refused.error());
  if (!refused->empty()) return fail(std::move(refused->begin()->second));
  return {};
}

Result<std::map<std::string, json::object>> Operator::members() {
  auto rows = context_->query("members", {}, client_.get());
  if (!rows) return fail(rows.error());
  std::map<std::string, json::object> out;
  if (!rows->is_array()) return out;
  for (auto& row : rows->get_array()) {
    if (row.is_object()) out[text_of(row.get_object(), "member")] = row.get_object();
  }
  return out;
}

Status settle(Context& context, client::Client& client) {
  constexpr std::chrono::milliseconds slice(250);
  auto last = client.publish_stats();
  std::chrono::milliseconds still{0};
  while (true) {
    const Status done = client.flush(std::min(slice, context.timeout()));
    if (done || done.error().code != Errc::timeout) return done;
    const auto now = client.publish_stats();
    still = now.waiting == last.waiting ? still + slice : std::chrono::milliseconds(0);
    last = now;
    if (still >= context.timeout()) return fail(Errc::timeout, context.text(Text::still_waiting, now.waiting));
    if (context.wants_progress()) fmt::print(stderr, "\r{} ", context.text(Text::progress_waiting, now.waiting));
  }
}

Result<json::object> find_member(const std::map<std::string, json::object>& members, const std::string& slug) {
  const auto at = members.find(slug);
  if (at == members.end())
    return fail(Errc::not_found, fmt::format("there is no member '{}': `iro member ls` lists them", slug));
  return at->second;
}

std::vector<std::string> texts_of(const json::object& object, std::string_view field) {
  std::vector<std::string> out;
  const auto* list = object.if_contains(field);
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& item : list->get_array()) {
    if (item.is_string()) out.emplace_back(item.get_string());
  }
  return out;
}

std::string text_of(const json::object& object, std::string_view field) {
  const auto* value = object.if_contains(field);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace iro::cli

// The access log: who was given what about whom. Each delivery and each answer that shows an event about a person is
// noted here and becomes durable, as an event of the hub's own, with the next commit that moves cursors: nothing about
// a person is acknowledged in the log before it stands there who got it (ADR 0020).
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/base/assert.hpp"
#include "hub/core/core.hpp"
#include "hub/schema/personal_number.hpp"
#include "hub/views/arguments.hpp"

namespace iro::core {
namespace json = boost::json;
namespace {

constexpr std::string_view accessed_type = "nl.placements.hub.accessed.v1";
constexpr std::size_t accesses_an_event = 500;  // some 100 KiB, well within a payload

/// What programs call themselves and people type: a record must hold it whatever bytes it is.
std::string plain(std::string text) {
  if (text.size() > 120) text.resize(120);
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return schema::find_personal_number(text) ? std::string("(a personal number was left out)") : text;
}

std::string_view name_of(AccessKind kind) {
  static constexpr std::string_view names[] = {"delivered", "asked", "explained", "exported"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace

Accessed accessed(const RunView& view, std::vector<views::SeenPerson> seen) {
  const AccessKind kind = view.deliveries                                        ? AccessKind::explained
                          : view.view == "events" && views::is_export(view.args) ? AccessKind::exported
                                                                                 : AccessKind::asked;
  return {kind, view.member, view.client, views::purpose_in(view.args), std::move(seen)};
}

void Core::note_deliveries(const Session& session, const std::vector<Choice>& chosen) {
  for (const Choice& c : chosen) {
    const schema::EventType* type = c.ready->types[c.index];
    const log::EntryView& e = c.ready->entries[c.index];
    if (type == nullptr || !type->has_person || e.person_key.value() == 0) continue;
    accesses_.push_back(
        {now_, AccessKind::delivered, session.who.member, session.client_name, {}, {e.id, e.person_key, c.masked}});
  }
}

void Core::on_accessed(const Accessed& accessed) {
  for (const views::SeenPerson& seen : accessed.seen)
    accesses_.push_back({now_, accessed.kind, accessed.member, accessed.client, accessed.purpose, seen});
}

/// The accesses since the last commit join the open batch as events for nobody: they are read by the view `access`.
void Core::take_accesses() {
  if (refusing_ || accesses_.empty()) return;
  const schema::EventType* type = registry_.find(accessed_type);
  if (type == nullptr) return;
  EventId cause;
  std::copy(head_.begin(), head_.begin() + 16, cause.b.begin());
  for (std::size_t from = 0; from < accesses_.size(); from += accesses_an_event) {
    json::array list;
    for (std::size_t i = from; i < std::min(accesses_.size(), from + accesses_an_event); ++i) {
      const Access& a = accesses_[i];
      list.push_back({{"at", format_time(a.at)},
                      {"kind", name_of(a.kind)},
                      {"member", members_->find(a.member)->slug},
                      {"client", plain(a.client)},
                      {"event_id", to_string(a.seen.event)},
                      {"person_key", a.seen.person.value()},
                      {"masked", a.seen.masked},
                      {"purpose", plain(a.purpose)}});
    }
    auto payload = registry_.from_json(*type, json::serialize(json::object{{"record", "access"}, {"accesses", list}}));
    IRO_ASSERT(payload.has_value(), "the hub's own record fits its schema");
    schema::Event made;
    made.id = derive_event_id("hub.accessed", cause, static_cast<std::uint32_t>(from));
    made.type = type->name;
    made.revision = type->revision;
    made.source = fmt::format("urn:nld:oin:{}:systeem:hub", config_.hub_oin);
    made.time = now_;
    made.payload = std::move(*payload);
    auto owner = std::make_shared<schema::Event>(std::move(made));
    Item item;
    item.event = schema::view_of(*owner);
    item.memory = std::shared_ptr<const Bytes>(owner, &owner->payload);
    item.sender = admission::operator_no;
    item.admitted = {type, registry_.facts(*type, item.event.payload), std::nullopt};
    item.record_only = true;
    batch_.bytes += item.event.payload.size() + 256;
    batch_.items.push_back(std::move(item));
  }
  accesses_in_flight_ = std::exchange(accesses_, {});
}

/// The commit that carried them failed: they go with the next one.
void Core::put_back_accesses() {
  accesses_.insert(accesses_.begin(), accesses_in_flight_.begin(), accesses_in_flight_.end());
  accesses_in_flight_.clear();
}

void Core::ask_access(const Session& session, const wire::Query& query, Actions& out) {
  wire::Answer refused;
  refused.id = query.id;
  boost::system::error_code ec;
  json::value args = json::parse(query.args.empty() ? "{}" : query.args, ec);
  const auto* person = !ec && args.is_object() ? args.get_object().if_contains("person") : nullptr;
  if (person == nullptr || !person->is_string()) {
    refused.code = Errc::arguments_invalid;
    refused.reason = "'person': is required: a pseudonym";
    return send(session, refused, out);
  }
  const auto keys = keys_.keys_of(std::string_view(person->get_string()));
  if (!keys || keys->empty()) {
    refused.code = keys ? Errc::not_found : keys.error().code;
    refused.reason = keys ? "nothing is kept about this person, or it is not yours to ask" : keys.error().message;
    return send(session, refused, out);
  }
  args.get_object().erase("person");  // it goes no further than here
  RunView ask{session.connection,
              session.epoch,
              query.id,
              session.who.member,
              query.view,
              json::serialize(args),
              nullptr,
              session.client_name,
              {}};
  for (const auto& [months, no] : *keys) ask.person_keys.push_back(no);
  out.emplace_back(std::move(ask));
}

}  // namespace iro::core

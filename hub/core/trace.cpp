// "trace": what would become of an event, before it is sent. Admission and routing as for a real one, under the
// membership of now; nothing is recorded, no quota is used, no number taken.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "hub/core/core.hpp"
#include "hub/views/explain_json.hpp"

namespace iro::core {
namespace json = boost::json;
namespace {

struct Asked {
  schema::Event event;
  std::string as;
};

iro::Result<Asked> read(const schema::Registry& registry, std::string_view args) {
  boost::system::error_code ec;
  const json::value v = json::parse(args, ec);
  const auto* event = !ec && v.is_object() ? v.get_object().if_contains("event") : nullptr;
  if (event == nullptr || !event->is_object())
    return fail(Errc::arguments_invalid, "'event': is required: a CloudEvent as an object");
  auto made = registry.event_from_json(json::serialize(*event));
  if (!made) return fail(made.error());
  const auto* as = v.get_object().if_contains("as");
  return Asked{std::move(*made), as != nullptr && as->is_string() ? std::string(as->get_string()) : std::string()};
}

}  // namespace

/// A member traces what it would send itself; the operator in anybody's place. To whom it would go is told only of what
/// would be taken: otherwise this would tell everybody everybody's grants.
iro::Result<std::string> Core::trace_json(MemberNo asking, std::string_view args, TimeMs now) const {
  auto asked = read(registry_, args);
  if (!asked) return fail(asked.error());
  const bool by_operator = asking == admission::operator_no;
  const admission::Member* sender = asked->as.empty() ? members_->find(asking) : members_->find(asked->as);
  if (sender == nullptr) return fail(Errc::not_found, fmt::format("there is no member '{}'", asked->as));
  if (sender->no != asking && !by_operator)
    return fail(Errc::missing_grant, "only the operator may ask in another member's place");
  schema::Event& event = asked->event;
  if (event.id.is_zero()) event.id.b[0] = 1;  // it gets one when it is sent
  if (event.time.value() == 0) event.time = now;
  if (event.source.empty()) event.source = sender->default_source();
  const schema::EventView view = schema::view_of(event);
  const auto verdict = admission_.would_admit(view, *sender, now);
  if (!verdict) {
    return json::serialize(json::object{
        {"verdict", "refused"}, {"code", info(verdict.error().code).name}, {"reason", verdict.error().reason}});
  }
  const schema::EventType& type = *verdict->type;
  routing::Decision decision = routing::route(type, verdict->facts, *members_, *table_);
  log::EntryView entry;
  entry.routing = type.routing;
  entry.gate = type.gate;
  entry.reasons = std::move(decision.reasons);
  if (type.gate == schema::Gate::none) {
    entry.full.inline_members = std::move(decision.full);
    entry.masked.inline_members = std::move(decision.masked);
  }
  const views::Catalogue catalogue({}, {});
  views::Explanation why = views::explain({entry, &type, catalogue, *members_, *members_});
  std::vector<views::NamedParty> named;
  for (const auto& party : verdict->facts.parties)
    named.push_back({std::string(party.field), std::string(party.member)});
  views::trim(why, asking, by_operator ? views::Seen::routing : views::Seen::sent, views::numbers_of(named, *members_));
  const std::optional<std::vector<views::NamedParty>> given(std::move(named));
  const views::Words words{*members_, &type, given};
  json::object out{{"verdict", "accepted"},
                   {"type", type.name},
                   {"sender", sender->slug},
                   {"class", schema::name_of(type.routing)},
                   {"audience", views::audience_json(why, words)},
                   {"kept_out", views::kept_out_json(why, words)},
                   {"strangers", decision.strangers.size()}};
  if (type.gate != schema::Gate::none) out["gate"] = schema::name_of(type.gate);
  return json::serialize(out);
}

}  // namespace iro::core

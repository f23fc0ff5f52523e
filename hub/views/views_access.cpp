// The view "access": who was given what about one person, newest first.
#include <algorithm>
#include <boost/json.hpp>

#include "hub/views/content.hpp"
#include "hub/views/explain_json.hpp"
#include "hub/views/views.hpp"

namespace iro::views {
namespace json = boost::json;
namespace {

bool about(const json::object& access, std::span<const PersonKeyNo> keys) {
  const auto* key = access.if_contains("person_key");
  return key != nullptr && key->is_number() &&
         std::ranges::find(keys, PersonKeyNo(key->to_number<std::uint64_t>())) != keys.end();
}
std::string text(const json::object& o, std::string_view field) {
  const auto* v = o.if_contains(field);
  return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
}

}  // namespace

void Views::note_seen(const Hit& hit, Perspective& perspective) {
  const schema::EventType* type = perspective.type_of(hit.entry);
  if (type == nullptr || !type->has_person || hit.entry.person_key.value() == 0) return;
  seen_.push_back({hit.entry.id, hit.entry.person_key, hit.seen == Seen::masked});
}

/// One access, with what the event that was seen says of itself.
Result<json::object> Views::access_line(const json::object& access, Perspective& op, MemberNo asking, bool& own) {
  const admission::Membership& members = *parts_.members;
  json::object out{{"at", text(access, "at")},
                   {"outcome", text(access, "kind")},
                   {"member", text(access, "member")},
                   {"client", text(access, "client")},
                   {"event", text(access, "event_id")}};
  if (const auto* m = members.find(text(access, "member")); m != nullptr) {
    out["organisation"] = m->name;
    out["oin"] = m->oin;
    out["roles"] = json::array(m->roles.begin(), m->roles.end());
  }
  const auto* masked = access.if_contains("masked");
  out["share"] = masked != nullptr && masked->is_bool() && masked->get_bool() ? "masked" : "full";
  out["purpose"] = text(access, "purpose");
  const auto id = parse_event_id(text(access, "event_id"));
  const auto hit = id ? locate(*id, op) : Result<Hit>(fail(Errc::not_found, ""));
  if (!hit && hit.error().code != Errc::not_found) return fail(hit.error());
  if (!hit) return out;
  own = own || hit->entry.sender == asking;
  out["type"] = parts_.catalogue.text(hit->entry.type);
  out["sender"] = slug_of(members, hit->entry.sender);
  const auto* type = op.type_of(hit->entry);
  if (type != nullptr && text(access, "purpose").empty()) out["purpose"] = type->en;  // what the type is for
  return out;
}

/// For the operator, and for a school that has said something about the person: whose pseudonym it is.
Result<std::vector<std::string>> Views::access(std::string_view args, Perspective& perspective,
                                               std::span<const PersonKeyNo> keys) {
  const auto parsed = parse_events_arguments(args);
  if (!parsed) return fail(parsed.error());
  const admission::Member& asking = perspective.member();
  const admission::Member* op = parts_.members->find(admission::operator_no);
  Perspective all(parts_.catalogue, parts_.registry, *op);
  EventsArguments records;
  records.type = "nl.placements.hub.accessed.v1";
  auto criteria = criteria_of(records);
  if (!criteria) return fail(criteria.error());
  if (!gap().empty()) return fail(rebuilding());
  bool own = asking.no == admission::operator_no;
  json::array lines;
  if (!criteria->impossible()) {
    Search search(source_, parts_.index ? &*parts_.index : nullptr, all,
                  {std::move(*criteria), {Seq(1), parts_.next_seq}, Order::newest, ~std::uint64_t{0}});
    while (lines.size() < parsed->limit) {
      const auto hit = next_of(search);
      if (!hit) return fail(hit.error());
      if (!*hit) break;
      const schema::EventType* type = all.type_of((*hit)->entry);
      const auto payload = payload_of(**hit, source_, parts_.keys);
      if (!payload) return fail(payload.error());
      if (!*payload || type == nullptr) continue;
      const auto told = parts_.registry.to_json(*type, **payload);
      if (!told) return fail(told.error());
      const json::value record = json::parse(*told);
      for (const auto& v : record.at("accesses").as_array()) {
        if (!about(v.as_object(), keys)) continue;
        auto line = access_line(v.as_object(), all, asking.no, own);
        if (!line) return fail(line.error());
        lines.push_back(std::move(*line));
      }
    }
  }
  const bool may = asking.no == admission::operator_no || (own && asking.has_role("school"));
  if (!may) return fail(Errc::not_found, "nothing is kept about this person, or it is not yours to ask");
  std::vector<std::string> pages;
  for (std::size_t i = 0; i < lines.size() || pages.empty(); i += 500) {
    json::array page(lines.begin() + static_cast<std::ptrdiff_t>(std::min(i, lines.size())),
                     lines.begin() + static_cast<std::ptrdiff_t>(std::min(i + 500, lines.size())));
    pages.push_back(json::serialize(page));
  }
  return pages;
}

}  // namespace iro::views

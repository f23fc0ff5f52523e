// The view "quarantine": what led to an event that a rule failed on, to try it again elsewhere.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "hub/views/content.hpp"
#include "hub/views/explain_checks.hpp"
#include "hub/views/views.hpp"

namespace iro::views {
namespace json = boost::json;
namespace {

/// References for one answer. What names a thing or a member is shown as it is, wherever it stands.
class References {
 public:
  void keep(std::string_view text) { known_.insert_or_assign(std::string(text), std::string(text)); }
  std::string operator()(std::string_view text) {
    const auto [at, fresh] = known_.try_emplace(std::string(text));
    if (fresh)
      at->second = fmt::format("reference-{:04}", ++made_);  // in the form of a pseudonym, which one may stand for
    return at->second;
  }

 private:
  std::map<std::string, std::string, std::less<>> known_;
  std::size_t made_ = 0;
};

}  // namespace

Result<std::vector<Hit>> Views::history_of(const Hit& last, const std::vector<std::string>& types, std::size_t limit,
                                           Perspective& perspective) {
  Search::Plan plan;
  plan.criteria.subject = std::string(last.entry.subject);
  plan.criteria.any_type = false;
  for (const std::string& type : types) {
    if (const AtomNo no = parts_.catalogue.find(type); no != AtomNo()) plan.criteria.types.push_back(no);
  }
  plan.range = {Seq(1), last.seq};
  plan.order = Order::newest;
  plan.budget_bytes = parts_.limits.search_bytes;
  std::vector<Hit> out{last};
  if (plan.criteria.subject.empty() || plan.criteria.impossible()) return out;
  if (!plan.range.within(gap()).empty()) return fail(rebuilding());
  Search search(source_, parts_.index ? &*parts_.index : nullptr, perspective, std::move(plan));
  while (out.size() < limit) {
    auto hit = next_of(search);
    if (!hit) return fail(hit.error());
    if (!*hit) break;
    out.push_back(std::move(**hit));
  }
  std::ranges::reverse(out);
  return out;
}

Result<std::vector<std::string>> Views::quarantine(std::string_view text, Perspective& perspective) {
  if (perspective.member().no != admission::operator_no)
    return fail(Errc::missing_grant, "only the operator may see that");
  const auto args = parse_quarantine_arguments(text);
  if (!args) return fail(args.error());
  const auto position = parts_.sealer.open(args->ref, admission::operator_no, parts_.epoch);
  if (!position || *position >= parts_.next_seq)
    return fail(Errc::token_invalid, "'ref' is none that `iro plugin parked` showed you");
  const auto chunk = source_.holding(*position);
  if (!chunk) return fail(chunk.error());
  const auto index = static_cast<std::uint32_t>(position->value() - (*chunk)->chunk().first_seq.value());
  const Hit last{*position, (*chunk)->entry(index), *chunk, Seen::routing};
  const auto hits = history_of(last, args->types, args->limit, perspective);
  if (!hits) return fail(hits.error());

  References references;
  const admission::Membership& members = *parts_.members;
  for (const auto& m : members.all()) references.keep(m->slug);
  references.keep(last.entry.subject);
  json::array events;
  std::map<std::string, const admission::Member*> spoken;
  for (const Hit& hit : *hits) {
    json::object line{{"type", parts_.catalogue.text(hit.entry.type)},
                      {"recorded", format_time(hit.entry.recordedtime)}};
    if (const std::string_view rule = emitting_rule(hit.entry, parts_.catalogue); !rule.empty()) {
      line["rule"] = rule;
    } else if (const auto* m = members.find(hit.entry.sender); m != nullptr) {
      line["sender"] = m->slug;
      spoken.emplace(m->slug, m);
    }
    const schema::EventType* type = perspective.type_of(hit.entry);
    const auto payload = payload_of(hit, source_, parts_.keys);
    if (!payload) return fail(payload.error());
    if (type != nullptr && *payload) {
      const auto shown = parts_.registry.to_referenced_json(*type, **payload, std::ref(references));
      if (!shown) return fail(shown.error());
      line["data"] = json::parse(*shown);
      for (const auto& party : parts_.registry.facts(*type, **payload).parties) {
        if (const auto* m = members.find(party.member); m != nullptr) spoken.emplace(m->slug, m);
      }
    }
    events.push_back(std::move(line));
  }
  json::array who;
  for (const auto& [slug, member] : spoken) {
    who.push_back({{"member", slug},
                   {"roles", json::array(member->roles.begin(), member->roles.end())},
                   {"branches", json::array(member->branches.begin(), member->branches.end())}});
  }
  return std::vector{json::serialize(
      json::object{{"subject", last.entry.subject}, {"members", std::move(who)}, {"events", std::move(events)}})};
}

}  // namespace iro::views

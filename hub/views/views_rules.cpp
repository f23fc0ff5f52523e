// What rules said of the events of a case.
#include <boost/json.hpp>

#include "hub/views/content.hpp"
#include "hub/views/views.hpp"

namespace iro::views {
namespace json = boost::json;
namespace {

constexpr std::string_view explained_type = "nl.placements.hub.rule-explained.v1";
constexpr std::size_t most_explanations = 1'000;  // of one case

/// One rule on one event: {"rule", "verdict", "words": [{"code", "nl", "en"}]}.
json::object line_of(const json::object& said, Seen seen) {
  const auto text = [](const json::object& from, std::string_view field) {
    const auto* value = from.if_contains(field);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  json::object out{{"rule", text(said, "plugin")}};
  if (const std::string verdict = text(said, "verdict"); !verdict.empty()) out["verdict"] = verdict;
  json::array words;
  if (const auto* notes = said.if_contains("notes"); notes != nullptr && notes->is_array()) {
    for (const json::value& note : notes->get_array()) {
      json::object word;
      if (const std::string code = text(note.as_object(), "code"); !code.empty()) word["code"] = code;
      if (seen != Seen::routing) {
        word["nl"] = text(note.as_object(), "text_nl");
        word["en"] = text(note.as_object(), "text_en");
      }
      if (!word.empty()) words.push_back(std::move(word));
    }
  }
  out["words"] = std::move(words);
  return out;
}

}  // namespace

Result<RuleWords> Views::rule_words(const std::vector<Hit>& events, const EventId& whole) {
  RuleWords out;
  const admission::Member* op = parts_.members->find(admission::operator_no);
  const schema::EventType* type = parts_.registry.find(explained_type);
  const AtomNo atom = parts_.catalogue.find(explained_type);
  if (op == nullptr || type == nullptr || atom == AtomNo()) return out;  // no rule has said anything yet
  std::map<EventId, Seen> about;
  for (const Hit& h : events) about.emplace(h.entry.id, h.seen);
  // The hub's own record, for nobody: who may see the event may see what was said of it, as far as that.
  Perspective all(parts_.catalogue, parts_.registry, *op);
  Search::Plan plan;
  plan.criteria.correlation = whole;
  plan.criteria.types = {atom};
  plan.range = {Seq(1), parts_.next_seq};
  plan.budget_bytes = parts_.limits.search_bytes;
  Search search(source_, parts_.index ? &*parts_.index : nullptr, all, std::move(plan));
  for (std::size_t n = 0; n < most_explanations; ++n) {
    const auto hit = next_of(search);
    if (!hit) return fail(hit.error());
    if (!*hit) break;
    const auto at = about.find((*hit)->entry.causationid);
    if (at == about.end() || at->second == Seen::masked || at->second == Seen::nothing) continue;
    const auto payload = payload_of(**hit, source_, parts_.keys);
    if (!payload) return fail(payload.error());
    if (!*payload) continue;  // gone, as the event that it speaks of
    const auto text = parts_.registry.to_json(*type, **payload);
    if (!text) return fail(text.error());
    out[at->first].push_back(line_of(json::parse(*text).as_object(), at->second));
  }
  return out;
}

}  // namespace iro::views

// The views "explain" and "why_not".
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "hub/views/content.hpp"
#include "hub/views/explain.hpp"
#include "hub/views/explain_checks.hpp"
#include "hub/views/explain_json.hpp"
#include "hub/views/views.hpp"

namespace iro::views {
namespace json = boost::json;
namespace {

constexpr std::size_t most_of_case = 500;  // events of one case that an explanation shows
constexpr std::size_t most_causes = 64;    // how far up it looks for what began it

/// The events of a case as a tree, in the order in which it is read: a line under its cause, `depth` to the right.
class Story {
 public:
  Story(const std::vector<Hit>& hits, const RuleWords& rules, Seq asked, const Catalogue& catalogue,
        const admission::Membership& members)
      : hits_(hits), rules_(rules), asked_(asked), catalogue_(catalogue), members_(members) {}

  json::array tell() {
    std::set<EventId> ids;
    for (const Hit& h : hits_) ids.insert(h.entry.id);
    // Last first, as from a stack: what a sender made up to look like a circle is told once each.
    std::vector<std::pair<const Hit*, std::uint64_t>> open;
    for (auto h = hits_.rbegin(); h != hits_.rend(); ++h) {
      if (!ids.contains(h->entry.causationid) || h->entry.causationid == h->entry.id) open.emplace_back(&*h, 0);
    }
    json::array out = follow(std::move(open));
    for (const Hit& h : hits_) {
      if (!told_.contains(h.seq)) out.push_back(line(h, 0));
    }
    return out;
  }

 private:
  json::array follow(std::vector<std::pair<const Hit*, std::uint64_t>> open) {
    json::array out;
    while (!open.empty()) {
      const auto [hit, depth] = open.back();
      open.pop_back();
      if (!told_.insert(hit->seq).second) continue;
      out.push_back(line(*hit, depth));
      for (auto h = hits_.rbegin(); h != hits_.rend(); ++h) {
        if (h->entry.causationid == hit->entry.id && !told_.contains(h->seq)) open.emplace_back(&*h, depth + 1);
      }
    }
    return out;
  }

  json::object line(const Hit& h, std::uint64_t depth) const {
    json::object out{{"depth", depth},
                     {"id", to_string(h.entry.id)},
                     {"type", catalogue_.text(h.entry.type)},
                     {"recorded", format_time(h.entry.recordedtime)}};
    if (const std::string_view rule = emitting_rule(h.entry, catalogue_); !rule.empty())
      out["rule"] = rule;
    else
      out["sender"] = slug_of(members_, h.entry.sender);
    if (h.seq == asked_) out["asked"] = true;
    if (const auto said = rules_.find(h.entry.id); said != rules_.end()) out["rules"] = said->second;
    return out;
  }

  const std::vector<Hit>& hits_;
  const RuleWords& rules_;
  Seq asked_;
  const Catalogue& catalogue_;
  const admission::Membership& members_;
  std::set<Seq> told_;
};

/// Named and no member at the commit: told to the sender by name, to the operator by field only.
json::array strangers(const Named& named, const admission::Membership& then, bool by_name) {
  json::array out;
  for (const NamedParty& p : named.value_or(std::vector<NamedParty>())) {
    if (then.find(p.member) != nullptr) continue;
    json::object line{{"field", p.field}};
    if (by_name) line["member"] = p.member;
    out.push_back(std::move(line));
  }
  return out;
}

/// What the events of a case have in common: the id of the first one.
EventId case_id(const Hit& hit) { return hit.entry.correlationid.is_zero() ? hit.entry.id : hit.entry.correlationid; }

}  // namespace

Status Views::learn_history(Seq before) {
  if (history_.known() >= before) return {};
  const admission::Member* op = parts_.members->find(admission::operator_no);
  if (op == nullptr) return {};
  Perspective perspective(parts_.catalogue, parts_.registry, *op);
  EventsArguments commands;
  commands.type = "nl.placements.hub.";
  auto criteria = criteria_of(commands);
  if (!criteria) return fail(criteria.error());
  std::erase(criteria->types, parts_.catalogue.find("nl.placements.hub.accessed.v1"));  // many, and no commands
  const Stretch range{history_.known(), before};
  if (!range.within(gap()).empty()) return fail(rebuilding());
  if (!criteria->impossible()) {
    Search search(source_, parts_.index ? &*parts_.index : nullptr, perspective,
                  {std::move(*criteria), range, Order::oldest, ~std::uint64_t{0}});
    for (;;) {
      const auto hit = next_of(search);
      if (!hit) return fail(hit.error());
      if (!*hit) break;
      auto content = content_of(**hit, perspective, source_, parts_.registry, parts_.keys,
                                {limits::frame_bytes, parts_.deleted_month});
      if (!content) return fail(content.error());
      if (content->json.empty()) continue;
      history_.learn((*hit)->seq, (*hit)->entry.sender, std::string(parts_.catalogue.text((*hit)->entry.type)),
                     std::move(content->json), (*hit)->entry.recordedtime);
    }
  }
  history_.learned(before);
  return {};
}

Result<std::optional<std::vector<NamedParty>>> Views::parties_of(const Hit& hit, Perspective& perspective) {
  const schema::EventType* type = perspective.type_of(hit.entry);
  if (type == nullptr) return Named();
  const auto payload = payload_of(hit, source_, parts_.keys);
  if (!payload) return fail(payload.error());
  if (!*payload) return Named();
  std::vector<NamedParty> out;
  for (const auto& party : parts_.registry.facts(*type, **payload).parties)
    out.push_back({std::string(party.field), std::string(party.member)});
  return Named(std::move(out));
}

Result<std::vector<Hit>> Views::case_of(const Hit& hit, Perspective& perspective) {
  std::map<Seq, Hit> found;
  found.emplace(hit.seq, hit);
  const auto add = [&](const EventId& id) -> Result<std::optional<Hit>> {
    auto other = locate(id, perspective);
    if (!other && other.error().code == Errc::not_found) return std::optional<Hit>();
    if (!other) return fail(other.error());
    const bool fresh = found.emplace(other->seq, *other).second;
    return fresh ? std::optional<Hit>(std::move(*other)) : std::optional<Hit>();
  };
  std::optional<Hit> at = hit;  // what it answers, and what that answers
  for (std::size_t n = 0; at && n < most_causes && !at->entry.causationid.is_zero(); ++n) {
    auto cause = add(at->entry.causationid);
    if (!cause) return fail(cause.error());
    at = std::move(*cause);
  }
  const EventId whole = case_id(hit);
  if (const auto begun = add(whole); !begun) return fail(begun.error());
  Search::Plan plan;
  plan.criteria.correlation = whole;
  plan.range = {Seq(1), parts_.next_seq};
  plan.budget_bytes = parts_.limits.search_bytes;
  if (!plan.range.within(gap()).empty()) return fail(rebuilding());
  Search search(source_, parts_.index ? &*parts_.index : nullptr, perspective, std::move(plan));
  while (found.size() < most_of_case) {
    auto next = next_of(search);
    if (!next) return fail(next.error());
    if (!*next) break;
    const Seq seq = (*next)->seq;
    found.emplace(seq, std::move(**next));
  }
  std::vector<Hit> out;
  for (auto& [seq, one] : found) out.push_back(std::move(one));
  return out;
}

Result<Hit> Views::locate_released(const EventId& id, Perspective& perspective) {
  auto hit = locate(id, perspective);
  if (!hit || (hit->entry.flags & log::held) == 0) return hit;  // it did not wait, for a gate or for a rule
  if (!gap().empty()) return fail(rebuilding());
  Search::Plan plan;
  plan.criteria.id = id;
  plan.range = {hit->seq.next(), parts_.next_seq};
  plan.budget_bytes = ~std::uint64_t{0};
  Search search(source_, parts_.index ? &*parts_.index : nullptr, perspective, std::move(plan));
  for (;;) {
    auto next = next_of(search);
    if (!next) return fail(next.error());
    if (!*next) return hit;
    const bool same = (*next)->entry.sender == hit->entry.sender && (*next)->entry.released_from.value() != 0;
    if (same) *hit = std::move(**next);
  }
}

/// What there is to say of one event to the member of `perspective`.
Result<Views::Why> Views::explain_hit(const Hit& hit, Perspective& perspective, const DeliveryFacts* deliveries) {
  const Seq released = hit.chunk->chunk().first_seq;
  IRO_TRY(learn_history(parts_.next_seq), "explain");
  std::optional<Hit> waited;
  if (const Seq at = hit.entry.released_from; at.value() != 0) {
    const auto chunk = source_.holding(at);
    if (!chunk) return fail(chunk.error());
    const auto index = static_cast<std::uint32_t>(at.value() - (*chunk)->chunk().first_seq.value());
    waited = Hit{at, (*chunk)->entry(index), *chunk, hit.seen};
  }
  const Seq first = waited ? waited->chunk->chunk().first_seq : released;
  auto named = parties_of(hit, perspective);
  if (!named) return fail(named.error());
  Why out{history_.before(first), std::move(*named), {}, waited};
  const admission::Membership at_release = history_.before(released);
  const admission::Membership& today = *parts_.members;
  ExplainInput in{hit.entry, perspective.type_of(hit.entry), parts_.catalogue, out.then, today, deliveries};
  in.content_gone = !out.named;
  if (waited) in.waited = &waited->entry, in.at_release = &at_release;
  history_.since(released, [&](const admission::Membership& members) { add_narrowed(in, members, in.narrowed); });
  out.explanation = views::explain(in);
  trim(out.explanation, perspective.member().no, hit.seen,
       numbers_of(out.named.value_or(std::vector<NamedParty>()), today));
  return out;
}

Result<std::vector<std::string>> Views::explain(std::string_view text, Perspective& perspective,
                                                const DeliveryFacts* deliveries) {
  const auto id = parse_event_arguments(text);
  if (!id) return fail(id.error());
  const auto hit = locate_released(*id, perspective);
  if (!hit) return fail(hit.error());
  const auto explained = explain_hit(*hit, perspective, deliveries);
  if (!explained) return fail(explained.error());
  auto whole_case = case_of(*hit, perspective);
  if (!whole_case) return fail(whole_case.error());
  const auto rules = rule_words(*whole_case, case_id(*hit));
  if (!rules) return fail(rules.error());
  // What a rule said stands with the event that it is about; what waited, where it went out.
  std::set<EventId> released;
  for (const Hit& h : *whole_case) {
    if (h.entry.released_from.value() != 0) released.insert(h.entry.id);
  }
  std::erase_if(*whole_case, [&](const Hit& h) {
    const bool went_out_later = (h.entry.flags & log::held) != 0 && released.contains(h.entry.id);
    const bool said = parts_.catalogue.text(h.entry.type) == "nl.placements.hub.rule-explained.v1";
    return h.seq != hit->seq && (said || went_out_later);
  });

  if (hit->seen != Seen::routing) note_seen(*hit, perspective);
  const auto& [then, named, why, waited] = *explained;
  const log::Chunk& chunk = hit->chunk->chunk();
  const MemberNo asking = perspective.member().no;
  const admission::Membership& today = *parts_.members;
  const schema::EventType* type = perspective.type_of(hit->entry);
  const Words words{today, type, named};
  json::object out = json::parse(row_json(hit->entry, hit->seen, {}, {parts_.catalogue, today, asking})).as_object();
  const bool by_operator = asking == admission::operator_no;
  if (by_operator || hit->seen == Seen::sent) {
    out["checks"] = checks_json(waited ? waited->entry : hit->entry, type, then, parts_.catalogue);
    out["kept_out"] = kept_out_json(why, words);
    out["strangers"] = strangers(named, then, hit->seen == Seen::sent);
  }
  out["commit"] = json::object{{"recorded", format_time(chunk.recorded)}};
  if (by_operator) {
    out["commit"] = json::object{{"recorded", format_time(chunk.recorded)},
                                 {"chunk", to_hex(chunk.head)},
                                 {"place", hit->seq.value() - chunk.first_seq.value() + 1},
                                 {"events", chunk.count}};
  }
  if (waited) out["waited"] = json::object{{"committed", format_time(waited->entry.recordedtime)}};
  out["case"] = Story(*whole_case, *rules, hit->seq, parts_.catalogue, today).tell();
  out["audience"] = audience_json(why, words);
  if (deliveries != nullptr) out["deliveries"] = deliveries_json(why, words);
  return std::vector{json::serialize(out)};
}

Result<std::vector<std::string>> Views::why_not(std::string_view text, Perspective& perspective,
                                                const DeliveryFacts* deliveries) {
  const auto args = parse_why_not_arguments(text);
  if (!args) return fail(args.error());
  const auto hit = locate_released(args->id, perspective);
  if (!hit) return fail(hit.error());
  const admission::Membership& today = *parts_.members;
  const admission::Member* member = today.find(args->member);
  if (member == nullptr) return fail(Errc::not_found, fmt::format("there is no member '{}'", args->member));
  auto explained = explain_hit(*hit, perspective, deliveries);
  if (!explained) return fail(explained.error());
  Explanation& why = explained->explanation;
  const Words words{today, perspective.type_of(hit->entry), explained->named};
  std::erase_if(why.deliveries, [&](const Delivery& d) { return d.consumer.member != member->no; });

  const auto in = std::ranges::find(why.audience, member->no, &Entitled::member);
  const auto out = std::ranges::find(why.kept_out, member->no, &KeptOut::member);
  if (in == why.audience.end() && out == why.kept_out.end())
    return fail(Errc::missing_grant, "of this event you may ask about yourself and, if you sent it, whom you named");
  json::object answer{{"id", to_string(args->id)}, {"entitled", in != why.audience.end()}};
  for (auto& [key, value] : in != why.audience.end() ? audience_line(*in, words) : kept_out_line(*out, words))
    answer[key] = value;
  if (deliveries != nullptr) answer["deliveries"] = deliveries_json(why, words);
  return std::vector{json::serialize(answer)};
}

}  // namespace iro::views

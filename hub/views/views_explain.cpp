// The views "explain" and "why_not".
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "hub/views/content.hpp"
#include "hub/views/explain.hpp"
#include "hub/views/explain_checks.hpp"
#include "hub/views/views.hpp"

namespace iro::views {
namespace json = boost::json;
namespace {

constexpr std::size_t most_of_case = 500;  // events of one case that an explanation shows
constexpr std::size_t most_causes = 64;    // how far up it looks for what began it

using Named = std::optional<std::vector<NamedParty>>;

struct Words {
  const admission::Membership& members;
  const schema::EventType* type;
  const Named& named;
};

std::string_view slug(const admission::Membership& members, MemberNo no) {
  const admission::Member* m = members.find(no);
  return m == nullptr ? std::string_view() : std::string_view(m->slug);
}

json::object audience_line(const Entitled& e, const Words& words) {
  json::object out{
      {"member", slug(words.members, e.member)}, {"share", e.masked ? "masked" : "full"}, {"rule", name_of(e.ground)}};
  if (e.ground == Ground::party && words.named && e.index < words.named->size())
    out["field"] = (*words.named)[e.index].field;
  if (e.ground == Ground::role && words.type != nullptr && e.index < words.type->roles.size())
    out["role"] = words.type->roles[e.index];
  out["since"] = name_of(e.since);
  return out;
}

json::object kept_out_line(const KeptOut& k, const Words& words) {
  return {{"member", slug(words.members, k.member)}, {"reason", name_of(k.barrier)}};
}

json::object delivery_line(const Delivery& d, const Words& words) {
  json::object out{{"member", slug(words.members, d.consumer.member)}, {"state", name_of(d.consumer.state)}};
  if (!d.consumer.name.empty()) out["consumer"] = d.consumer.name;
  if (d.masked) out["share"] = *d.masked ? "masked" : "full";
  out["connected"] = d.consumer.attached;
  if (d.consumer.attempts != 0) out["attempts"] = d.consumer.attempts;
  if (d.consumer.due.value() != 0) out["due"] = format_time(d.consumer.due);
  if (!d.consumer.reason.empty()) out["reason"] = d.consumer.reason;
  return out;
}

template <typename List, typename Line>
json::array lines(const List& list, const Words& words, Line line) {
  json::array out;
  for (const auto& item : list) out.push_back(line(item, words));
  return out;
}

/// The events of a case as a tree, in the order in which it is read: a line under its cause, `depth` to the right.
class Story {
 public:
  Story(const std::vector<Hit>& hits, Seq asked, const Catalogue& catalogue, const admission::Membership& members)
      : hits_(hits), asked_(asked), catalogue_(catalogue), members_(members) {}

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
      out["sender"] = slug(members_, h.entry.sender);
    if (h.seq == asked_) out["asked"] = true;
    return out;
  }

  const std::vector<Hit>& hits_;
  Seq asked_;
  const Catalogue& catalogue_;
  const admission::Membership& members_;
  std::set<Seq> told_;
};

/// Members then or now that stand in the payload.
std::vector<MemberNo> numbers_of(const Named& named, const admission::Membership& members) {
  std::vector<MemberNo> out;
  for (const NamedParty& p : named.value_or(std::vector<NamedParty>())) {
    if (const auto* m = members.find(p.member); m != nullptr) out.push_back(m->no);
  }
  return out;
}

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
  const Stretch range{history_.known(), before};
  if (!range.within(gap()).empty()) return fail(rebuilding());
  if (!criteria->impossible()) {
    Search search(source_, parts_.index ? &*parts_.index : nullptr, perspective,
                  {std::move(*criteria), range, Order::oldest, ~std::uint64_t{0}});
    for (;;) {
      const auto hit = next_of(search);
      if (!hit) return fail(hit.error());
      if (!*hit) break;
      auto content = content_of(**hit, perspective, source_, parts_.registry, parts_.keys, {limits::frame_bytes});
      if (!content) return fail(content.error());
      if (content->json.empty()) continue;
      history_.learn((*hit)->seq, std::string(parts_.catalogue.text((*hit)->entry.type)), std::move(content->json),
                     (*hit)->entry.recordedtime);
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
  const EventId whole = hit.entry.correlationid.is_zero() ? hit.entry.id : hit.entry.correlationid;
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

/// What there is to say of one event to the member of `perspective`.
Result<Views::Why> Views::explain_hit(const Hit& hit, Perspective& perspective, const DeliveryFacts* deliveries) {
  const Seq first = hit.chunk->chunk().first_seq;
  IRO_TRY(learn_history(parts_.next_seq), "explain");
  auto named = parties_of(hit, perspective);
  if (!named) return fail(named.error());
  Why out{history_.before(first), std::move(*named), {}};
  const admission::Membership& today = *parts_.members;
  ExplainInput in{hit.entry, perspective.type_of(hit.entry), parts_.catalogue, out.then, today, deliveries};
  in.content_gone = !out.named;
  history_.since(first, [&](const admission::Membership& members) { add_narrowed(in, members, in.narrowed); });
  out.explanation = views::explain(in);
  trim(out.explanation, perspective.member().no, hit.seen, numbers_of(out.named, today));
  return out;
}

Result<std::vector<std::string>> Views::explain(std::string_view text, Perspective& perspective,
                                                const DeliveryFacts* deliveries) {
  const auto id = parse_event_arguments(text);
  if (!id) return fail(id.error());
  const auto hit = locate(*id, perspective);
  if (!hit) return fail(hit.error());
  const auto explained = explain_hit(*hit, perspective, deliveries);
  if (!explained) return fail(explained.error());
  const auto whole_case = case_of(*hit, perspective);
  if (!whole_case) return fail(whole_case.error());

  const auto& [then, named, why] = *explained;
  const log::Chunk& chunk = hit->chunk->chunk();
  const MemberNo asking = perspective.member().no;
  const admission::Membership& today = *parts_.members;
  const schema::EventType* type = perspective.type_of(hit->entry);
  const Words words{today, type, named};
  json::object out = json::parse(row_json(hit->entry, hit->seen, {}, {parts_.catalogue, today, asking})).as_object();
  const bool by_operator = asking == admission::operator_no;
  if (by_operator || hit->seen == Seen::sent) {
    out["checks"] = checks_json(hit->entry, type, then, parts_.catalogue);
    out["kept_out"] = lines(why.kept_out, words, kept_out_line);
    out["strangers"] = strangers(named, then, hit->seen == Seen::sent);
  }
  out["commit"] = json::object{{"recorded", format_time(chunk.recorded)}};
  if (by_operator) {
    out["commit"] = json::object{{"recorded", format_time(chunk.recorded)},
                                 {"chunk", to_hex(chunk.head)},
                                 {"place", hit->seq.value() - chunk.first_seq.value() + 1},
                                 {"events", chunk.count}};
  }
  out["case"] = Story(*whole_case, hit->seq, parts_.catalogue, today).tell();
  out["audience"] = lines(why.audience, words, audience_line);
  if (deliveries != nullptr) out["deliveries"] = lines(why.deliveries, words, delivery_line);
  return std::vector{json::serialize(out)};
}

Result<std::vector<std::string>> Views::why_not(std::string_view text, Perspective& perspective,
                                                const DeliveryFacts* deliveries) {
  const auto args = parse_why_not_arguments(text);
  if (!args) return fail(args.error());
  const auto hit = locate(args->id, perspective);
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
  if (deliveries != nullptr) answer["deliveries"] = lines(why.deliveries, words, delivery_line);
  return std::vector{json::serialize(answer)};
}

}  // namespace iro::views

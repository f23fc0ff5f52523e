#include "hub/views/explain_json.hpp"

namespace iro::views {
namespace json = boost::json;
namespace {

template <typename List, typename Line>
json::array lines(const List& list, const Words& words, Line line) {
  json::array out;
  for (const auto& item : list) out.push_back(line(item, words));
  return out;
}

}  // namespace

std::string_view slug_of(const admission::Membership& members, MemberNo no) {
  const admission::Member* m = members.find(no);
  return m == nullptr ? std::string_view() : std::string_view(m->slug);
}

json::object audience_line(const Entitled& e, const Words& words) {
  json::object out{{"member", slug_of(words.members, e.member)},
                   {"share", e.masked ? "masked" : "full"},
                   {"rule", name_of(e.ground)}};
  if (e.ground == Ground::party && words.named && e.index < words.named->size())
    out["field"] = (*words.named)[e.index].field;
  if (e.ground == Ground::role && words.type != nullptr && e.index < words.type->roles.size())
    out["role"] = words.type->roles[e.index];
  out["since"] = name_of(e.since);
  return out;
}

json::object kept_out_line(const KeptOut& k, const Words& words) {
  return {{"member", slug_of(words.members, k.member)}, {"reason", name_of(k.barrier)}};
}

json::object delivery_line(const Delivery& d, const Words& words) {
  json::object out{{"member", slug_of(words.members, d.consumer.member)}, {"state", name_of(d.consumer.state)}};
  if (!d.consumer.name.empty()) out["consumer"] = d.consumer.name;
  if (d.masked) out["share"] = *d.masked ? "masked" : "full";
  out["connected"] = d.consumer.attached;
  if (d.consumer.attempts != 0) out["attempts"] = d.consumer.attempts;
  if (d.consumer.due.value() != 0) out["due"] = format_time(d.consumer.due);
  if (!d.consumer.reason.empty()) out["reason"] = d.consumer.reason;
  return out;
}

json::array audience_json(const Explanation& e, const Words& words) { return lines(e.audience, words, audience_line); }
json::array kept_out_json(const Explanation& e, const Words& words) { return lines(e.kept_out, words, kept_out_line); }
json::array deliveries_json(const Explanation& e, const Words& words) {
  return lines(e.deliveries, words, delivery_line);
}

std::vector<MemberNo> numbers_of(const std::vector<NamedParty>& named, const admission::Membership& members) {
  std::vector<MemberNo> out;
  for (const NamedParty& p : named) {
    if (const auto* m = members.find(p.member); m != nullptr) out.push_back(m->no);
  }
  return out;
}

}  // namespace iro::views

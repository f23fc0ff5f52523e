#include "hub/routing/routing.hpp"

#include <algorithm>

#include "hub/base/assert.hpp"

namespace iro::routing {
namespace {

using admission::Member;
using admission::Receive;

enum class Share { nothing, masked, full };

Share share_of(const schema::EventType& type, const Member& m) {
  const Receive receive = m.grant(type.name).receive;
  if (!m.active || receive == Receive::denied) return Share::nothing;
  // The operator runs the machine; that gives no right to hear the region's events.
  if (m.no == admission::operator_no) return type.routing == schema::Routing::operators ? Share::full : Share::nothing;
  switch (type.routing) {
    case schema::Routing::publik:
      return Share::full;
    case schema::Routing::regional:
      return receive == Receive::full ? Share::full : receive == Receive::masked ? Share::masked : Share::nothing;
    case schema::Routing::parties:
    case schema::Routing::sealed: {
      const bool holds = std::ranges::any_of(type.roles, [&](const auto& role) { return m.has_role(role); });
      return !holds ? Share::nothing : receive == Receive::masked ? Share::masked : Share::full;
    }
    case schema::Routing::operators:
      return Share::nothing;
  }
  return Share::nothing;
}

std::uint8_t role_index(const schema::EventType& type, const Member& m) {
  const auto at = std::ranges::find_if(type.roles, [&](const auto& role) { return m.has_role(role); });
  return static_cast<std::uint8_t>(at - type.roles.begin());
}

void insert_sorted(std::vector<MemberNo>& list, MemberNo no) {
  const auto at = std::ranges::lower_bound(list, no);
  if (at == list.end() || *at != no) list.insert(at, no);
}

}  // namespace

bool by_party(schema::Routing routing) {
  return routing == schema::Routing::parties || routing == schema::Routing::sealed;
}

RoutingTable::RoutingTable(const admission::Membership& membership, const schema::Registry& registry) {
  for (const schema::EventType* type : registry.types()) {
    ClassAudience& audience = by_type_[type];
    for (const auto& m : membership.all()) {
      const Share share = share_of(*type, *m);
      if (share == Share::full) audience.full.push_back(m->no);
      if (share == Share::masked) audience.masked.push_back(m->no);
    }
  }
}

const RoutingTable::ClassAudience& RoutingTable::of(const schema::EventType& type) const {
  const auto at = by_type_.find(&type);
  IRO_ASSERT(at != by_type_.end(), "the table is made of the registry that the types come from");
  return at->second;
}

Decision route(const schema::EventType& type, const schema::Facts& facts, const admission::Membership& membership,
               const RoutingTable& table) {
  const RoutingTable::ClassAudience& base = table.of(type);
  Decision out{base.full, base.masked, {}, {}};
  if (!by_party(type.routing)) return out;

  for (const auto* list : {&base.full, &base.masked}) {
    for (const MemberNo no : *list)
      out.reasons.push_back({no, log::Rule::role, role_index(type, *membership.find(no))});
  }
  std::uint8_t index = 0;
  for (const auto& party : facts.parties) {
    const Member* m = membership.find(party.member);
    if (m == nullptr || !m->active) {
      out.strangers.emplace_back(party.member);
    } else if (m->grant(type.name).receive != Receive::denied) {
      insert_sorted(out.full, m->no);
      std::erase(out.masked, m->no);  // being named is the stronger right
      std::erase_if(out.reasons, [&](const log::Reason& r) { return r.member == m->no; });
      out.reasons.push_back({m->no, log::Rule::party, index});
    }
    ++index;
  }
  if (out.reasons.size() > 255) out.reasons.resize(255);  // the entry counts them in one byte
  return out;
}

}  // namespace iro::routing

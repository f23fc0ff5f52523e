#include "hub/views/perspective.hpp"

namespace iro::views {

std::string_view name_of(Seen seen) {
  switch (seen) {
    case Seen::nothing:
      return "nothing";
    case Seen::routing:
      return "routing";
    case Seen::masked:
      return "masked";
    case Seen::full:
      return "full";
    case Seen::sent:
      return "sent";
  }
  return "nothing";
}

const Perspective::Known& Perspective::known(AtomNo type) {
  const auto [at, fresh] = known_.try_emplace(type);
  if (fresh) {
    at->second.type = registry_.find(catalogue_.text(type));
    if (at->second.type != nullptr) at->second.today = member_.grant(at->second.type->name).receive;
  }
  return at->second;
}

Seen Perspective::of(const log::EntryView& entry) {
  if (!member_.active) return Seen::nothing;
  // What a rule emitted has the hub for its sender and no outbox: it is the region's, not the operator's.
  if (entry.sender == member_.no && (member_.no != admission::operator_no || !entry.producer.is_zero())) {
    return Seen::sent;
  }
  Claim claim;
  claim.routing = entry.routing;
  claim.in_full = catalogue_.contains(entry.full, member_.no);
  claim.in_masked = !claim.in_full && catalogue_.contains(entry.masked, member_.no);
  claim.active = member_.active;
  const Known& type = known(entry.type);
  claim.today = type.today;
  const Sight in_audience = type.type == nullptr ? Sight::nothing : sight(claim);
  if (in_audience == Sight::full) return Seen::full;
  if (in_audience == Sight::masked) return Seen::masked;
  return member_.no == admission::operator_no ? Seen::routing : Seen::nothing;
}

}  // namespace iro::views

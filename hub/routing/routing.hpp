// hub/routing/routing.hpp: who may hear what.
//
// route() is pure: the same event, membership and type give the same decision,
// which is then written into the log with its reasons. Subscriptions narrow it
// later and never widen it. The rules (design 9):
//   public     every active member, in full
//   regional   active members whose grant for the type is full or masked
//   parties    the members named in `party` fields, in full, and active holders
//              of the type's `roles` (in full, or masked when their grant says so)
//   sealed     as parties; what they get is sealed content that the hub cannot read
//   operators  the operator
// A grant of `denied` takes a member out of every class. A party that is no
// member is reported, never widened to anybody else. A gated type gives its
// decision too, and the core commits it for nobody until a release.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "hub/admission/membership.hpp"
#include "hub/log/entry.hpp"
#include "hub/schema/registry.hpp"

namespace iro::routing {

struct Decision {
  std::vector<MemberNo> full;    // ascending
  std::vector<MemberNo> masked;  // ascending, none of them in `full`
  std::vector<log::Reason>
      reasons;  // one a member for parties and sealed; none for the classes, whose rule is the reason
  std::vector<std::string> strangers;  // named parties that are no active member
};

/// What every event of a class type has in common, worked out once per
/// membership: the hot path only looks it up.
class RoutingTable {
 public:
  RoutingTable(const admission::Membership& membership, const schema::Registry& registry);

  struct ClassAudience {
    std::vector<MemberNo> full;
    std::vector<MemberNo> masked;
  };
  /// For public, regional and operators: everybody. For parties and sealed: the holders of the type's roles.
  [[nodiscard]] const ClassAudience& of(const schema::EventType& type) const;

 private:
  std::unordered_map<const schema::EventType*, ClassAudience> by_type_;
};

/// Does the audience depend on the single event? If not, it is the class audience of its type.
bool by_party(schema::Routing routing);

Decision route(const schema::EventType& type, const schema::Facts& facts, const admission::Membership& membership,
               const RoutingTable& table);

}  // namespace iro::routing

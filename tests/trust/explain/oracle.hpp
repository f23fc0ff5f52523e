// tests/trust/explain/oracle.hpp: who gets an event and who does not, and by which rule, decided by hand.
//
// Knows the catalogue's text and design 9, and nothing of the hub's routing or
// of its explanations. The property test asks it at the moment of publishing.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace iro::test::explaining {

/// Planted: the oracle forgets roles, so that the comparison must find a difference.
inline bool forget_roles = false;

/// A type of the catalogue as the oracle knows it.
struct Known {
  std::string name;     // short form
  std::string subject;  // JSON field
  enum Class { everybody, granted, named } klass;
  std::vector<std::string> parties;  // JSON fields that name a party
  std::vector<std::string> roles;    // roles that are party to every event of the type
  std::vector<std::string> senders;
  bool person = false;
  bool gated = false;
};

inline const std::vector<Known>& catalogue() {
  static const std::vector<Known> types = {
      {"vacancy.opened", "vacancy_id", Known::granted, {"provider"}, {}, {"care_provider", "bureau"}},
      {"vacancy.withdrawn", "vacancy_id", Known::granted, {"provider"}, {}, {"care_provider", "bureau"}},
      {"student.at-risk", "risk_id", Known::named, {"school"}, {}, {"school", "care_provider"}, true},
      {"handover.invited", "handover_id", Known::named, {"school", "provider"}, {"bureau"}, {"school"}},
      {"placement.adopted",
       "placement_id",
       Known::named,
       {"school", "provider"},
       {"bureau"},
       {"school", "bureau"},
       true},
      {"membership.joined", "membership_id", Known::everybody, {"member"}, {}, {"school", "care_provider", "bureau"}},
      {"placement.identity-disclosed",
       "placement_id",
       Known::named,
       {"school", "provider"},
       {},
       {"school"},
       true,
       true}};
  return types;
}

struct Someone {
  std::string slug;
  std::string role;
  bool active = true;
  std::map<std::string, std::string> receive;  // full type -> none|masked|full|denied

  [[nodiscard]] std::string receives(const std::string& type) const {
    const auto at = receive.find(type);
    return at == receive.end() ? "none" : at->second;
  }
};

/// What becomes of an event for one member: "full", "masked", or why not.
struct Fate {
  std::string share;   // full, masked, or "" when it is kept out
  std::string reason;  // the rule, or the barrier
};

inline Fate entitled_to(const Known& type, const std::map<std::string, std::string>& parties, const Someone& m,
                        const std::string& receive) {
  if (type.klass == Known::everybody) return {"full", "public"};
  if (type.klass == Known::granted) return receive == "none" ? Fate{"", "no_grant"} : Fate{receive, "grant"};
  for (const auto& [field, slug] : parties) {
    if (slug == m.slug) return {"full", "party"};
  }
  for (const auto& role : type.roles) {
    if (role == m.role && !forget_roles) return {receive == "masked" ? "masked" : "full", "role"};
  }
  return {"", "not_a_party"};
}

/// `held`: a rule of the region holds it.
inline Fate fate_of(const Known& type, const std::string& full_type, const std::map<std::string, std::string>& parties,
                    bool held, const Someone& m) {
  if (!m.active) return {"", "inactive"};
  const std::string receive = m.receives(full_type);
  if (receive == "denied") return {"", "denied"};
  const Fate fate = entitled_to(type, parties, m, receive);
  if (fate.share.empty()) return fate;
  return type.gated ? Fate{"", "gate_closed"} : held ? Fate{"", "held_by_rule"} : fate;
}

/// What today leaves of a right of then.
inline std::string since(const Known& type, const std::string& full_type, const Fate& then, const Someone& m) {
  if (!m.active) return "inactive";
  const std::string receive = m.receives(full_type);
  if (receive == "denied") return "denied";
  if (type.klass != Known::granted) return "same";
  if (receive == "none") return "taken";
  return receive == "masked" && then.share == "full" ? "masked" : "same";
}

}  // namespace iro::test::explaining

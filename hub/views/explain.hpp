// hub/views/explain.hpp: for one event: who was entitled and by which rule, who
// was kept out and why, what has changed since, and how far each consumer is.
//
// explain() is pure. The decision is the one that was stored at the commit: the
// audience and the reasons of the entry. What stood behind it (grants, roles,
// who was a member at all) is the membership of that moment (history.hpp), not
// today's; what today's takes away is said apart, as `today`. Nothing here
// shows content: where a named party stands in the payload is told by the
// caller, who may read it or not.
//
// How much of an explanation somebody gets is decided by trim(): the operator
// all of it; the sender who is entitled, whether it arrived, and what became of
// those whom it named; a recipient its own line. The words of `rule` and `reason` are permanent: programs read
// them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hub/admission/membership.hpp"
#include "hub/log/entry.hpp"
#include "hub/views/catalogue.hpp"
#include "hub/views/delivery_facts.hpp"
#include "hub/views/perspective.hpp"

namespace iro::views {

/// Why a member got an event.
enum class Ground : std::uint8_t {
  publik,      // the class: every member
  grant,       // the class regional: its grant for the type
  party,       // named in the payload
  role,        // holder of a role that is party to every event of the type
  operators,   // the class: the operator
  not_stored,  // beyond the 255 reasons that an entry keeps
};
std::string_view name_of(Ground ground);

/// Why a member did not.
enum class Barrier : std::uint8_t {
  not_yet_member,  // enrolled after the commit
  inactive,        // suspended, or had left
  denied,          // a grant `denied` for the type
  the_operator,    // who runs the machine has no right to the region's events
  operators_only,  // the class: only the operator
  no_grant,        // the class regional, and no grant for the type
  not_a_party,     // neither named nor holder of a role of the type
  gate_closed,     // it would be entitled; the gate has not been opened
  held_by_rule,    // it would be entitled; a rule of the region holds the event
};
std::string_view name_of(Barrier barrier);

/// What has become of a right since the commit.
enum class Since : std::uint8_t { same, masked, taken, denied, inactive };
std::string_view name_of(Since since);

struct Entitled {
  MemberNo member;
  bool masked = false;
  Ground ground = Ground::not_stored;
  std::uint8_t index = 0;  // of the party among those given, of the role within the type
  Since since = Since::same;
};
struct KeptOut {
  MemberNo member;
  Barrier barrier = Barrier::not_a_party;
};
struct Delivery {
  ConsumerFact consumer;
  std::optional<bool> masked;  // nothing: the right was narrowed on the way, and when is not kept
};

struct Explanation {
  std::vector<Entitled> audience;  // by member
  std::vector<KeptOut> kept_out;   // by member: everybody else
  std::vector<Delivery> deliveries;
};

struct ExplainInput {
  const log::EntryView& entry;
  const schema::EventType* type = nullptr;  // null: no longer known
  const Catalogue& catalogue;
  const admission::Membership& then;
  const admission::Membership& today;
  const DeliveryFacts* deliveries = nullptr;          // null: not known here
  const log::EntryView* waited = nullptr;             // where the event waited for its gate; `then` is of that commit
  const admission::Membership* at_release = nullptr;  // with `waited`
  bool content_gone = false;                          // retention or an erasure took it
  std::set<MemberNo> narrowed{};                      // whose right was less at some time since the commit
};
Explanation explain(const ExplainInput& in);

/// Adds to `narrowed` whoever of the entry's audience has less of a right under `members` than at the commit.
void add_narrowed(const ExplainInput& in, const admission::Membership& members, std::set<MemberNo>& narrowed);

/// Leaves what `asking`, who sees the event as `seen`, may know. `named`: the members that stand in the payload.
void trim(Explanation& explanation, MemberNo asking, Seen seen, const std::vector<MemberNo>& named);

}  // namespace iro::views

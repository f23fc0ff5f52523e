// hub/views/sight.hpp: may a member see an event that is in the log, and how much of it?
//
// The one place where that is decided for everything that leaves the hub:
// deliveries (core) and answers (views) both ask here. Pure; any thread.
//
// The audience was written down at the commit. What the member's grant says
// today only narrows it: nobody gets an event because of something that was
// granted later (design 7), and what was taken away counts at once (design 9).
#pragma once

#include <cstdint>

#include "hub/admission/membership.hpp"
#include "hub/schema/registry.hpp"

namespace iro::views {

enum class Sight : std::uint8_t { nothing, masked, full };

/// What is known of one reader and one entry.
struct Claim {
  schema::Routing routing = schema::Routing::parties;
  bool in_full = false;                                 // in the audience that gets the entry in full
  bool in_masked = false;                               // in the audience that gets it masked
  admission::Receive today = admission::Receive::none;  // the member's grant for the type, now
  bool active = false;                                  // a member that left sees nothing
};

/// An entry whose type the registry no longer knows must not be asked about:
/// nobody could mask it, so nobody sees it.
constexpr Sight sight(const Claim& claim) {
  if (!claim.in_full && !claim.in_masked) return Sight::nothing;
  if (!claim.active || claim.today == admission::Receive::denied) return Sight::nothing;
  if (claim.routing == schema::Routing::regional) {
    // Here the grant is the whole right. Elsewhere it is a party's name or a role, and none means nothing said.
    if (claim.today == admission::Receive::none) return Sight::nothing;
    if (claim.today == admission::Receive::masked) return Sight::masked;
  }
  return claim.in_full ? Sight::full : Sight::masked;
}

}  // namespace iro::views

// hub/admission/key_commands.hpp: the commands about keys: invite, present, add, revoke.
//
// Each edits one member, which becomes the membership's only if the command
// succeeds. Pure. What a payload field means stands in schemas/hub.fbs; how keys
// vouch for each other in schema/key_statement.hpp.
#pragma once

#include <boost/json/object.hpp>

#include "hub/admission/membership.hpp"

namespace iro::admission {

/// Who asks, about whom, with what.
struct KeyCommand {
  const Membership& membership;
  const Principal& actor;
  const boost::json::object& payload;
  TimeMs now;
};

/// An open invitation, which ends every earlier one of the member.
Status invite(const KeyCommand& command, Member& member);
/// The member's own new set. On an invitation that is over: enrolment_over.
Status present_keys(const KeyCommand& command, Member& member);
/// A bare CURVE key, by the operator.
Status add_key(const KeyCommand& command, Member& member);
/// By the operator; by the member for its own, but not for the last one.
Status revoke_key(const KeyCommand& command, Member& member);

/// The key that the payload brings, unless somebody has or had it: CURVE, and sealing and signing if given.
Result<MemberKey> new_key(const KeyCommand& command, std::string_view member);

}  // namespace iro::admission

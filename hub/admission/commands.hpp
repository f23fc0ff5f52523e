// hub/admission/commands.hpp: the operator's events, and what they do to the membership.
//
// Who may do and hear what is changed by events of the types nl.placements.hub.*,
// which only the operator's key may publish, but for two that are about a
// member's own keys: presenting new ones and revoking old ones. So each change
// has an id, a time, a place in the log, and an audit record, and happens once
// however often it is sent. Pure: edits the Membership it is given, or leaves it
// as it was and says why.
#pragma once

#include <string_view>

#include "hub/admission/membership.hpp"

namespace iro::admission {

/// Is this one of the operator's types?
bool is_command(std::string_view type);

/// May this member publish it at all? What it says of whom, apply_command() looks at.
bool may_command(const Member& sender, std::string_view type);

/// The one type that an invitation's key may publish.
inline constexpr std::string_view keys_presented_type = "nl.placements.hub.keys-presented.v1";

/// Carry out the command `type` of `actor` with its payload as JSON. Fails with
/// command_invalid (no such member, slug or OIN taken, a key that is in use, a
/// limit), missing_grant (somebody else's keys), enrolment_over or
/// key_statement_invalid, and then has changed nothing.
Status apply_command(Membership& membership, const Principal& actor, std::string_view type,
                     std::string_view payload_json, TimeMs now);

/// Letters a-z, digits and hyphens, 2 to 40, not beginning with a hyphen.
bool valid_slug(std::string_view slug);

}  // namespace iro::admission

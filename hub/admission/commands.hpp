// hub/admission/commands.hpp: the operator's events, and what they do to the membership.
//
// Who may do and hear what is changed by events of the types nl.placements.hub.*,
// which only the operator's key may publish. So each change has an id, a time,
// a place in the log, and an audit record, and happens once however often it is
// sent. Pure: edits the Membership it is given, or leaves it as it was and says why.
#pragma once

#include <string_view>

#include "hub/admission/membership.hpp"

namespace iro::admission {

/// Is this one of the operator's types?
bool is_command(std::string_view type);

/// Carry out the command `type` with its payload as JSON. Fails with
/// command_invalid (no such member, slug or OIN taken, a key that is in use, a
/// limit) and then has changed nothing.
Status apply_command(Membership& membership, std::string_view type, std::string_view payload_json, TimeMs now);

/// Letters a-z, digits and hyphens, 2 to 40, not beginning with a hyphen.
bool valid_slug(std::string_view slug);

}  // namespace iro::admission

// hub/admission/default_grants.hpp: what the schemas say that a role may do.
#pragma once

#include <string>
#include <vector>

#include "hub/admission/membership.hpp"
#include "hub/schema/registry.hpp"

namespace iro::admission {

/// By full type name: the grants of a member with these roles who is given no others. The attributes `senders`,
/// `readers` and `masked_readers` of the schemas decide. Types of the operator are in it for nobody.
std::map<std::string, Grant, std::less<>> default_grants(const schema::Registry& registry,
                                                         const std::vector<std::string>& roles);

/// The field `grants` of hub.member-enrolled.v1, as JSON text.
std::string grants_json(const std::map<std::string, Grant, std::less<>>& grants);

}  // namespace iro::admission

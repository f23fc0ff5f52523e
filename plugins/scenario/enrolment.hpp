// plugins/scenario/enrolment.hpp: how tests enrol a member: its OIN and the operator's event.
#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "hub/admission/default_grants.hpp"
#include "hub/base/crypto.hpp"

namespace iro::scenario {

/// A test OIN (prefix 00000099) that differs for each member.
inline std::string oin_of(const std::string& slug) {
  const Hash h = sha256(as_bytes(slug));
  std::uint64_t n = 0;
  std::memcpy(&n, h.data(), sizeof n);
  return fmt::format("00000099{:012}", n % 1'000'000'000'000ULL);
}

/// The payload of hub.member-enrolled.v1, with the default grants of the roles. `public_key` is Z85.
inline std::string enrolment_json(const schema::Registry& registry, const std::string& slug,
                                  const std::vector<std::string>& roles, const std::string& public_key) {
  namespace json = boost::json;
  return json::serialize(
      json::object{{"member", slug},
                   {"name", slug},
                   {"oin", oin_of(slug)},
                   {"roles", json::array(roles.begin(), roles.end())},
                   {"public_key", public_key},
                   {"source_system", "sis"},
                   {"grants", json::parse(admission::grants_json(admission::default_grants(registry, roles)))}});
}

}  // namespace iro::scenario

// adapters/client/invitation.hpp: the one-time token by which a member joins.
//
// The operator makes an invitation, keeps the two public halves (they go to the
// hub as hub.member-invited.v1) and gives the token to the member, by telephone,
// on paper or in a sealed letter. From its seed both sides derive the same CURVE
// key, which opens a session that can do one thing, and the same signing key,
// which vouches for the keys that the member makes itself. A used token is
// worth nothing: the commit that takes the keys ends it.
//
// Layout of the token: docs/protocol.md. Values; any thread.
#pragma once

#include <string>
#include <vector>

#include "adapters/client/client.hpp"
#include "hub/schema/key_statement.hpp"

namespace iro::client {

struct Invitation {
  std::vector<std::string> endpoints;  // of the hub, in the order in which to try them
  std::string hub_public_key;          // Z85
  std::string member;                  // slug
  std::string source;                  // of what the member will publish
  schema::Key32 seed{};                // the secret

  /// With a seed from the system.
  static Invitation make(std::vector<std::string> endpoints, std::string hub_public_key, std::string member,
                         std::string source);
  [[nodiscard]] std::string token() const;
  /// Spaces and line breaks in it do not matter. Fails with invitation_unreadable.
  static Result<Invitation> read(std::string_view token);

  [[nodiscard]] schema::SealingPair curve() const;
  [[nodiscard]] schema::SigningPair signing() const;
  /// A key file of the session in which the keys are presented, at `endpoint`.
  [[nodiscard]] KeyFile session_keys(const std::string& endpoint) const;
};

}  // namespace iro::client

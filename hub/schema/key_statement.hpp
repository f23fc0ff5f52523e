// hub/schema/key_statement.hpp: what a member signs when it presents keys.
//
// A member's keys come in sets of three: CURVE (it connects with it), sealing
// (X25519: others seal documents to it) and signing (Ed25519: it signs its
// documents, and its next set). Each set is signed by an earlier key: the first
// by the enrolment key of the invitation, every later one by the signing key
// before it. So everybody who has seen one of them can check all that follow,
// and the hub, which only passes them on, cannot put a key in between.
//
// A set that signs itself begins a chain of its own (a member that was enrolled
// before there were chains); only who sees it first and keeps it is protected.
//
// Pure. The layout of statement_bytes() is permanent (docs/protocol.md).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "hub/base/bytes.hpp"

namespace iro::schema {

using Key32 = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

/// The public halves.
struct KeySet {
  Key32 curve{};
  Key32 sealing{};
  Key32 signing{};
  bool operator==(const KeySet&) const = default;
};

struct KeyStatement {
  std::string member;  // slug
  KeySet keys;
  Key32 signed_by{};
  Signature signature{};
  bool operator==(const KeyStatement&) const = default;
};

/// An Ed25519 key pair as libsodium keeps it: the secret half is the seed and the public half behind it.
struct SigningPair {
  Key32 public_key{};
  std::array<std::uint8_t, 64> secret_key{};
};
/// An X25519 key pair.
struct SealingPair {
  Key32 public_key{};
  Key32 secret_key{};
};
SigningPair make_signing_pair();
SigningPair signing_pair_of(const Key32& seed);
SealingPair make_sealing_pair();
/// Also for CURVE keys, which are of the same kind.
SealingPair sealing_pair_of(const Key32& secret_key);

/// What is signed, byte by byte.
Bytes statement_bytes(std::string_view member, const KeySet& keys, const Key32& signed_by);
KeyStatement make_statement(std::string_view member, const KeySet& keys, const SigningPair& signer);
/// Did `signed_by` sign exactly this?
bool signature_holds(const KeyStatement& statement);

/// How people compare a signing key by telephone: the first 15 bytes of its SHA-256 as six groups of five
/// hexadecimal digits, "3f2a1-...".
std::string fingerprint_of(const Key32& signing_key);

}  // namespace iro::schema

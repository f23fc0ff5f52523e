// adapters/client/member_keys.hpp: a member's own keys: made here, presented to the hub, used by sealing.
//
// Secret halves stay in the KeyFile; what leaves is the KeyStatement. Pure but
// for the system's random bytes. Any thread.
#pragma once

#include <vector>

#include "adapters/client/client.hpp"
#include "hub/schema/event.hpp"
#include "hub/schema/key_statement.hpp"
#include "hub/schema/registry.hpp"

namespace iro::client {

/// `base` with fresh keys of all three kinds. Its present sealing key, if any, joins the earlier ones.
KeyFile with_fresh_keys(const KeyFile& base);

/// Fails with config_invalid when the key file has no such keys.
Result<schema::SigningPair> signing_pair(const KeyFile& keys);
/// The present one and the earlier ones, as open() wants them.
Result<std::vector<schema::SealingPair>> sealing_pairs(const KeyFile& keys);
Result<schema::KeySet> public_set(const KeyFile& keys);

/// As a payload's [ubyte] field is written in JSON.
std::string base64_of(const schema::Signature& signature);

/// The event that presents the keys of `keys`, vouched for by `signer`.
Result<schema::Event> presentation(const schema::Registry& registry, const KeyFile& keys,
                                   const schema::SigningPair& signer);

}  // namespace iro::client

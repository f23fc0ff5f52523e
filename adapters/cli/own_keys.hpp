// adapters/cli/own_keys.hpp: new keys on their way into the key file, as `iro
// join` and `iro key rotate` bring them there.
//
// They are on disk (FILE.pending) before the hub hears of them, and become the
// key file when it has taken them. If the answer is lost in between, running the
// command again finds out which it was; nothing is presented twice.
#pragma once

#include "adapters/cli/context.hpp"
#include "hub/schema/key_statement.hpp"

namespace iro::cli {

/// The keys of FILE.pending if it is there and is `base`'s member, else fresh ones, saved there first.
Result<client::KeyFile> pending_keys(const fs::path& file, const client::KeyFile& base);
/// FILE.pending becomes FILE.
Status keep_pending(const fs::path& file, const client::KeyFile& keys);
void drop_pending(const fs::path& file);

/// Publish the presentation of `keys` as `session` (an invitation's keys, or the member's present ones), from an
/// outbox in `data_folder` (a temporary one when it is ""). An Error of the hub's when it refuses.
Status present_keys(Context& context, const client::KeyFile& session, const client::KeyFile& keys,
                    const schema::SigningPair& signer, const fs::path& data_folder);

/// Does the hub let these keys in?
bool let_in(Context& context, const client::KeyFile& keys);

}  // namespace iro::cli

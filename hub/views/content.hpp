// hub/views/content.hpp: the payload of an entry, as JSON, for somebody who may
// see it in full or masked.
//
// One thread. Fails with corrupt when a body is not what the log says, or as
// LogReader and KeyRing do; what is gone on purpose is no failure but a Content
// that says why.
#pragma once

#include "hub/log/keys.hpp"
#include "hub/views/row.hpp"
#include "hub/views/search.hpp"

namespace iro::views {

struct ContentOptions {
  std::size_t most_bytes = 0;       // of JSON; more is withheld
  std::uint16_t deleted_month = 0;  // bodies of this month and earlier are over, also where memory still has them
};

/// `keys` may be null: encrypted bodies are withheld then.
Result<Content> content_of(const Hit& hit, Perspective& perspective, ChunkSource& source,
                           const schema::Registry& registry, log::KeyRing* keys, const ContentOptions& options);

/// The payload itself; nothing when it is gone or cannot be read here. For the hub's own reckoning, not for answers.
Result<std::optional<Bytes>> payload_of(const Hit& hit, ChunkSource& source, log::KeyRing* keys);

}  // namespace iro::views

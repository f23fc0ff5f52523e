#include "hub/schema/event.hpp"

#include "hub/base/crypto.hpp"

namespace iro::schema {

Hash event_hash(const EventId& id, ByteView payload) {
  Sha256 sha;
  sha.update(id.b);
  sha.update(payload);
  return sha.finish();
}

}  // namespace iro::schema

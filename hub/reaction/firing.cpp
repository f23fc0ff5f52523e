#include "hub/reaction/firing.hpp"

#include <algorithm>

#include "hub/base/crypto.hpp"

namespace iro::reaction {

EventId timer_id(std::string_view plugin, ByteView key, TimeMs due) {
  ByteWriter bytes;
  bytes.text16(plugin);
  bytes.bytes(key);
  bytes.u64(static_cast<std::uint64_t>(due.value()));
  const Hash hash = sha256(bytes.view());
  EventId id;
  std::copy_n(hash.begin(), id.b.size(), id.b.begin());
  return id;
}

EventId firing_id(std::string_view plugin, ByteView key, TimeMs due) {
  return derive_event_id(timer_maker, timer_id(plugin, key, due), 0);
}

}  // namespace iro::reaction

#include "hub/base/ids.hpp"

#include "hub/base/crypto.hpp"

namespace iro {
namespace {

void stamp_version(std::array<std::uint8_t, 16>& b, std::uint8_t version) {
  b[6] = static_cast<std::uint8_t>((b[6] & 0x0F) | version << 4);
  b[8] = static_cast<std::uint8_t>((b[8] & 0x3F) | 0x80);
}

void put_time(std::array<std::uint8_t, 16>& b, std::uint64_t unix_ms) {
  for (int i = 0; i < 6; ++i) b[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(unix_ms >> (40 - 8 * i));
}

}  // namespace

std::string to_string(const EventId& id) {
  const std::string hex = to_hex(id.b);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

std::optional<EventId> parse_event_id(std::string_view text) {
  std::string hex;
  if (text.size() != 36) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) hex.push_back(text[i]);
  }
  EventId id;
  if (!from_hex(hex, id.b)) return std::nullopt;
  return id;
}

EventId make_event_id(std::uint64_t unix_ms) {
  EventId id;
  random_bytes(id.b);
  put_time(id.b, unix_ms);
  stamp_version(id.b, 7);
  return id;
}

ProducerId make_producer_id() {
  ProducerId id;
  random_bytes(id.b);
  return id;
}

EventId derive_event_id(std::string_view plugin, const EventId& source, std::uint32_t ordinal) {
  Sha256 sha;
  sha.update(as_bytes("iro derived event 1"));
  sha.update(as_bytes(plugin));
  sha.update(source.b);
  sha.update({reinterpret_cast<const std::uint8_t*>(&ordinal), sizeof ordinal});
  const Hash hash = sha.finish();
  EventId id;
  std::copy(hash.begin(), hash.begin() + 16, id.b.begin());
  // The source's time leads, so derived events sort beside their cause.
  std::copy(source.b.begin(), source.b.begin() + 6, id.b.begin());
  stamp_version(id.b, 8);
  return id;
}

}  // namespace iro

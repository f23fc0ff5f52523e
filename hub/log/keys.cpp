#include "hub/log/keys.hpp"

#include <sodium.h>

#include <algorithm>

#include "hub/base/crypto.hpp"

namespace iro::log {

static_assert(seal_overhead_bytes ==
              crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES);

Bytes seal(const PersonKey& key, const EventId& id, ByteView payload) {
  constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  Bytes out(payload.size() + seal_overhead_bytes);
  random_bytes({out.data(), nonce_bytes});
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + nonce_bytes, nullptr, payload.data(), payload.size(),
                                             id.b.data(), id.b.size(), nullptr, out.data(), key.key.data());
  return out;
}

Result<Bytes> open(const PersonKey& key, const EventId& id, ByteView stored) {
  constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  if (stored.size() < seal_overhead_bytes) return fail(Errc::corrupt, "a sealed body is too short");
  Bytes out(stored.size() - seal_overhead_bytes);
  const int rc = crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, stored.data() + nonce_bytes,
                                                            stored.size() - nonce_bytes, id.b.data(), id.b.size(),
                                                            stored.data(), key.key.data());
  if (rc != 0) return fail(Errc::corrupt, "a sealed body does not open: another key, another event, or damage");
  return out;
}

EventId state_id(std::string_view plugin, ByteView key) {
  Sha256 sha;
  sha.update(as_bytes(plugin));
  sha.update(as_bytes("\n"));
  sha.update(key);
  const Hash full = sha.finish();
  EventId out;
  std::copy_n(full.begin(), out.b.size(), out.b.begin());
  return out;
}

Result<PersonKey> MemoryKeyRing::get_or_create(std::string_view owner, std::uint32_t months) {
  const std::lock_guard lock(mutex_);
  PersonKey& key = keys_[{std::string(owner), months}];
  if (key.no.value() == 0) {
    key.no = PersonKeyNo(++last_no_);
    random_bytes(key.key);
  }
  return key;
}

Result<std::optional<PersonKey>> MemoryKeyRing::find(PersonKeyNo no) {
  const std::lock_guard lock(mutex_);
  const auto at = std::ranges::find(keys_, no, [](const auto& row) { return row.second.no; });
  return at == keys_.end() ? std::nullopt : std::optional(at->second);
}

Result<std::map<std::uint32_t, PersonKeyNo>> MemoryKeyRing::keys_of(std::string_view owner) {
  const std::lock_guard lock(mutex_);
  std::map<std::uint32_t, PersonKeyNo> out;
  for (const auto& [of, key] : keys_) {
    if (of.first == owner) out[of.second] = key.no;
  }
  return out;
}

Status MemoryKeyRing::destroy(PersonKeyNo no, std::string_view, TimeMs) {
  const std::lock_guard lock(mutex_);
  std::erase_if(keys_, [&](const auto& row) { return row.second.no == no; });
  destroyed_.insert(no);
  return {};
}

void MemoryKeyRing::lose(PersonKeyNo no) {
  const std::lock_guard lock(mutex_);
  std::erase_if(keys_, [&](const auto& row) { return row.second.no == no; });
}

void MemoryKeyRing::spoil(PersonKeyNo no) {
  const std::lock_guard lock(mutex_);
  for (auto& [owner, key] : keys_) {
    if (key.no == no) key.key.front() ^= 1;
  }
}

Result<bool> MemoryKeyRing::destroyed(PersonKeyNo no) {
  const std::lock_guard lock(mutex_);
  return destroyed_.contains(no);
}

}  // namespace iro::log

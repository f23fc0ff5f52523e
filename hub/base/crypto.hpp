// hub/base/crypto.hpp: the hash of the log, the seal of a token, and randomness.
//
// Sha256 uses OpenSSL's low-level functions: they are marked deprecated in
// favour of EVP, whose per-message set-up costs more than hashing an event does.
#pragma once

#include <openssl/sha.h>

#include <memory>
#include <span>

#include "hub/base/bytes.hpp"
#include "hub/base/ids.hpp"

namespace iro {

/// Fill from the system's generator. Ends the process if the system has none.
void random_bytes(std::span<std::uint8_t> out);

class Sha256 {
 public:
  Sha256();
  void update(ByteView bytes);
  Hash finish();

 private:
  SHA256_CTX ctx_;
};

Hash sha256(ByteView bytes);

/// HMAC-SHA-256 (RFC 2104), the first 16 bytes.
std::array<std::uint8_t, 16> keyed_mac(ByteView key, ByteView bytes);

/// Compares in a time that does not depend on where they differ.
[[nodiscard]] bool same_secret(ByteView a, ByteView b);

/// Seals log positions for one recipient (design 5: a plain counter would tell
/// how much there is that one may not see). One AES-256 block: the position,
/// the member and the log epoch, so that a token of somebody else, of another
/// hub or an invented one does not open. One thread an object.
class TokenSealer {
 public:
  explicit TokenSealer(const std::array<std::uint8_t, 32>& key);
  ~TokenSealer();
  TokenSealer(TokenSealer&&) noexcept;
  TokenSealer& operator=(TokenSealer&&) noexcept;

  [[nodiscard]] Token seal(Seq position, MemberNo member, LogEpoch epoch) const;
  /// The position, or nothing when the token was not sealed for `member` in `epoch`.
  [[nodiscard]] std::optional<Seq> open(const Token& token, MemberNo member, LogEpoch epoch) const;

 private:
  struct Ciphers;
  std::unique_ptr<Ciphers> ciphers_;
};

}  // namespace iro

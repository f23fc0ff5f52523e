// See crypto.hpp on why the deprecated low-level SHA-256 is used.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "hub/base/crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "hub/base/assert.hpp"

namespace iro {

void random_bytes(std::span<std::uint8_t> out) {
  IRO_ASSERT(RAND_bytes(out.data(), static_cast<int>(out.size())) == 1, "the system gives no random bytes");
}

Sha256::Sha256() { SHA256_Init(&ctx_); }
void Sha256::update(ByteView bytes) { SHA256_Update(&ctx_, bytes.data(), bytes.size()); }
Hash Sha256::finish() {
  Hash out;
  SHA256_Final(out.data(), &ctx_);
  return out;
}

Hash sha256(ByteView bytes) {
  Sha256 sha;
  sha.update(bytes);
  return sha.finish();
}

std::array<std::uint8_t, 16> keyed_mac(ByteView key, ByteView bytes) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> full{};
  unsigned size = 0;
  const auto* done =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(), full.data(), &size);
  IRO_ASSERT(done != nullptr && size == 32, "HMAC-SHA-256 failed");
  std::array<std::uint8_t, 16> out{};
  std::copy(full.begin(), full.begin() + 16, out.begin());
  return out;
}

bool same_secret(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct TokenSealer::Ciphers {
  EVP_CIPHER_CTX* seal = EVP_CIPHER_CTX_new();
  EVP_CIPHER_CTX* open = EVP_CIPHER_CTX_new();
  Ciphers() = default;
  Ciphers(const Ciphers&) = delete;
  Ciphers& operator=(const Ciphers&) = delete;
  ~Ciphers() {
    EVP_CIPHER_CTX_free(seal);
    EVP_CIPHER_CTX_free(open);
  }
};

TokenSealer::TokenSealer(const std::array<std::uint8_t, 32>& key) : ciphers_(std::make_unique<Ciphers>()) {
  IRO_ASSERT(EVP_EncryptInit_ex(ciphers_->seal, EVP_aes_256_ecb(), nullptr, key.data(), nullptr) == 1, "AES set-up");
  IRO_ASSERT(EVP_DecryptInit_ex(ciphers_->open, EVP_aes_256_ecb(), nullptr, key.data(), nullptr) == 1, "AES set-up");
  EVP_CIPHER_CTX_set_padding(ciphers_->seal, 0);
  EVP_CIPHER_CTX_set_padding(ciphers_->open, 0);
}
TokenSealer::~TokenSealer() = default;
TokenSealer::TokenSealer(TokenSealer&&) noexcept = default;
TokenSealer& TokenSealer::operator=(TokenSealer&&) noexcept = default;

Token TokenSealer::seal(Seq position, MemberNo member, LogEpoch epoch) const {
  std::array<std::uint8_t, 16> block{};
  const std::uint64_t p = position.value();
  const std::uint32_t m = member.value();
  const std::uint32_t e = epoch.value();
  std::memcpy(block.data(), &p, 8);
  std::memcpy(block.data() + 8, &m, 4);
  std::memcpy(block.data() + 12, &e, 4);
  Token token;
  int n = 0;
  EVP_EncryptUpdate(ciphers_->seal, token.b.data(), &n, block.data(), 16);
  IRO_ASSERT(n == 16, "AES of one block");
  return token;
}

std::optional<Seq> TokenSealer::open(const Token& token, MemberNo member, LogEpoch epoch) const {
  std::array<std::uint8_t, 16> block{};
  int n = 0;
  EVP_DecryptUpdate(ciphers_->open, block.data(), &n, token.b.data(), 16);
  IRO_ASSERT(n == 16, "AES of one block");
  std::uint64_t p = 0;
  std::uint32_t m = 0;
  std::uint32_t e = 0;
  std::memcpy(&p, block.data(), 8);
  std::memcpy(&m, block.data() + 8, 4);
  std::memcpy(&e, block.data() + 12, 4);
  if (m != member.value() || e != epoch.value()) return std::nullopt;
  return Seq(p);
}

}  // namespace iro

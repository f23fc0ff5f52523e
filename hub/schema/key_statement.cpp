#include "hub/schema/key_statement.hpp"

#include <sodium.h>

#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"

namespace iro::schema {
namespace {

constexpr std::string_view context = "iro.keys-presented.1";
constexpr std::size_t fingerprint_digits = 30;
constexpr std::size_t fingerprint_group = 5;

void need_sodium() { IRO_ASSERT(sodium_init() >= 0, "libsodium starts"); }

}  // namespace

SigningPair make_signing_pair() {
  Key32 seed;
  random_bytes(seed);
  SigningPair out = signing_pair_of(seed);
  sodium_memzero(seed.data(), seed.size());
  return out;
}

SigningPair signing_pair_of(const Key32& seed) {
  need_sodium();
  SigningPair out;
  crypto_sign_seed_keypair(out.public_key.data(), out.secret_key.data(), seed.data());
  return out;
}

SealingPair make_sealing_pair() {
  Key32 secret;
  random_bytes(secret);
  SealingPair out = sealing_pair_of(secret);
  sodium_memzero(secret.data(), secret.size());
  return out;
}

SealingPair sealing_pair_of(const Key32& secret_key) {
  need_sodium();
  SealingPair out;
  out.secret_key = secret_key;
  crypto_scalarmult_base(out.public_key.data(), secret_key.data());
  return out;
}

Bytes statement_bytes(std::string_view member, const KeySet& keys, const Key32& signed_by) {
  ByteWriter out;
  out.text16(context);
  out.text16(member);
  out.bytes(keys.curve);
  out.bytes(keys.sealing);
  out.bytes(keys.signing);
  out.bytes(signed_by);
  return out.take();
}

KeyStatement make_statement(std::string_view member, const KeySet& keys, const SigningPair& signer) {
  need_sodium();
  KeyStatement out{std::string(member), keys, signer.public_key, {}};
  const Bytes bytes = statement_bytes(member, keys, signer.public_key);
  crypto_sign_detached(out.signature.data(), nullptr, bytes.data(), bytes.size(), signer.secret_key.data());
  return out;
}

bool signature_holds(const KeyStatement& s) {
  need_sodium();
  const Bytes bytes = statement_bytes(s.member, s.keys, s.signed_by);
  return crypto_sign_verify_detached(s.signature.data(), bytes.data(), bytes.size(), s.signed_by.data()) == 0;
}

std::string fingerprint_of(const Key32& signing_key) {
  const std::string digits = to_hex(sha256(signing_key)).substr(0, fingerprint_digits);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && i % fingerprint_group == 0) out += '-';
    out += digits[i];
  }
  return out;
}

}  // namespace iro::schema

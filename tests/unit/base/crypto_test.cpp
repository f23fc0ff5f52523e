// Known answers, and tokens that open for nobody else.
#include "hub/base/crypto.hpp"

#include "tests/catch.hpp"

using namespace iro;

TEST_CASE("base: SHA-256 gives the known answers, in one piece or in many") {
  CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256(as_bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 sha;
  for (const char* part : {"a", "", "b", "c"}) sha.update(as_bytes(part));
  CHECK(sha.finish() == sha256(as_bytes("abc")));
}

TEST_CASE("base: the keyed mac is the head of HMAC-SHA-256 (RFC 4231, case 2)") {
  const auto mac = keyed_mac(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"));
  CHECK(to_hex(mac) == "5bdcc146bf60754e6a042426089575c7");
}

TEST_CASE("base: a token opens for its member in its epoch, and for nobody else") {
  std::array<std::uint8_t, 32> key{};
  random_bytes(key);
  const TokenSealer sealer(key);
  const Token token = sealer.seal(Seq(123'456), MemberNo(7), LogEpoch(2));
  CHECK(sealer.open(token, MemberNo(7), LogEpoch(2)) == Seq(123'456));
  CHECK_FALSE(sealer.open(token, MemberNo(8), LogEpoch(2)).has_value());
  CHECK_FALSE(sealer.open(token, MemberNo(7), LogEpoch(3)).has_value());
  auto other_key = key;
  other_key[0] ^= 1;
  CHECK_FALSE(TokenSealer(other_key).open(token, MemberNo(7), LogEpoch(2)).has_value());
}

TEST_CASE("base: a token with any bit changed does not open, and tokens tell nothing of their order") {
  std::array<std::uint8_t, 32> key{};
  random_bytes(key);
  const TokenSealer sealer(key);
  const Token token = sealer.seal(Seq(5), MemberNo(1), LogEpoch(1));
  for (std::size_t bit = 0; bit < 128; ++bit) {
    Token changed = token;
    changed.b[bit / 8] = static_cast<std::uint8_t>(changed.b[bit / 8] ^ 1U << bit % 8);
    CHECK_FALSE(sealer.open(changed, MemberNo(1), LogEpoch(1)).has_value());
  }
  const Token next = sealer.seal(Seq(6), MemberNo(1), LogEpoch(1));
  int differing = 0;
  for (std::size_t i = 0; i < 16; ++i) differing += token.b[i] != next.b[i];
  CHECK(differing > 8);
  CHECK(token != sealer.seal(Seq(5), MemberNo(2), LogEpoch(1)));
}

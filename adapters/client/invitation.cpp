#include "adapters/client/invitation.hpp"

#include <sodium.h>

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"
#include "hub/base/z85.hpp"

namespace iro::client {
namespace {

// Permanent: the token's layout.
constexpr std::string_view prefix = "iro-invite-1.";
constexpr std::size_t checksum_bytes = 4;
constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr const char* derivation = "iroenrol";  // eight characters, as crypto_kdf wants
enum : std::uint64_t { curve_subkey = 1, signing_subkey = 2 };

schema::Key32 derive(const schema::Key32& seed, std::uint64_t number) {
  schema::Key32 out;
  crypto_kdf_derive_from_key(out.data(), out.size(), number, derivation, seed.data());
  return out;
}

tl::unexpected<Error> unreadable(const char* why) { return fail(Errc::invitation_unreadable, why); }

std::string without_spaces(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out),
                       [](char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; });
  return out;
}

}  // namespace

Invitation Invitation::make(std::vector<std::string> endpoints, std::string hub_public_key, std::string member,
                            std::string source) {
  Invitation out{std::move(endpoints), std::move(hub_public_key), std::move(member), std::move(source), {}};
  random_bytes(out.seed);
  return out;
}

std::string Invitation::token() const {
  const auto hub_key = z85_decode_key(hub_public_key);
  IRO_ASSERT(hub_key.has_value(), "the hub's key comes from a key file, which was checked");
  ByteWriter w;
  w.bytes(seed);
  w.bytes(*hub_key);
  w.text16(member);
  w.text16(source);
  w.u8(static_cast<std::uint8_t>(endpoints.size()));
  for (const auto& endpoint : endpoints) w.text16(endpoint);
  const Hash check = sha256(w.view());
  w.bytes(ByteView(check).first(checksum_bytes));
  std::string out(sodium_base64_encoded_len(w.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), w.view().data(), w.size(), variant);
  out.pop_back();
  return std::string(prefix) + out;
}

Result<Invitation> Invitation::read(std::string_view token) {
  const std::string text = without_spaces(token);
  if (!text.starts_with(prefix)) return unreadable("it does not begin with iro-invite-1");
  Bytes bytes(text.size());
  std::size_t size = 0;
  const char* end = nullptr;
  const char* from = text.data() + prefix.size();
  if (sodium_base642bin(bytes.data(), bytes.size(), from, text.size() - prefix.size(), nullptr, &size, &end, variant) !=
          0 ||
      end != text.data() + text.size() || size < checksum_bytes) {
    return unreadable("a character in it cannot be part of a token");
  }
  const ByteView body = ByteView(bytes).first(size - checksum_bytes);
  const Hash check = sha256(body);
  if (!std::equal(check.begin(), check.begin() + checksum_bytes,
                  bytes.begin() + static_cast<std::ptrdiff_t>(body.size())))
    return unreadable("a part of it is missing or mistyped");
  ByteReader in(body);
  Invitation out;
  schema::Key32 hub_key{};
  const ByteView seed = in.bytes(out.seed.size());
  const ByteView hub = in.bytes(hub_key.size());
  out.member = std::string(in.text16());
  out.source = std::string(in.text16());
  for (std::size_t left = in.u8(); left > 0 && in.ok(); --left) out.endpoints.emplace_back(in.text16());
  if (!in.ok() || in.left() != 0 || out.endpoints.empty()) return unreadable("it was made by a newer version");
  std::ranges::copy(seed, out.seed.begin());
  std::ranges::copy(hub, hub_key.begin());
  out.hub_public_key = z85_encode_key(hub_key);
  return out;
}

schema::SealingPair Invitation::curve() const { return schema::sealing_pair_of(derive(seed, curve_subkey)); }

schema::SigningPair Invitation::signing() const { return schema::signing_pair_of(derive(seed, signing_subkey)); }

KeyFile Invitation::session_keys(const std::string& endpoint) const {
  const schema::SealingPair pair = curve();
  return {endpoint, hub_public_key, member, source, z85_encode_key(pair.public_key), z85_encode_key(pair.secret_key)};
}

}  // namespace iro::client

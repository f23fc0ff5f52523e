#include "adapters/client/member_keys.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include "hub/base/z85.hpp"

namespace iro::client {
namespace {

Result<schema::Key32> key_of(const std::string& z85, std::string_view name) {
  if (const auto raw = z85_decode_key(z85)) return *raw;
  return fail(Errc::config_invalid,
              fmt::format("the key file has no {}: `iro key rotate` makes sealing and signing keys", name));
}

}  // namespace

KeyFile with_fresh_keys(const KeyFile& base) {
  KeyFile out = base;
  if (!base.sealing_secret.empty()) out.earlier_sealing.insert(out.earlier_sealing.begin(), base.sealing_secret);
  std::tie(out.public_key, out.secret_key) = make_curve_keys();
  const auto sealing = schema::make_sealing_pair();
  out.sealing_public = z85_encode_key(sealing.public_key);
  out.sealing_secret = z85_encode_key(sealing.secret_key);
  const auto signing = schema::make_signing_pair();
  schema::Key32 seed;
  crypto_sign_ed25519_sk_to_seed(seed.data(), signing.secret_key.data());
  out.signing_public = z85_encode_key(signing.public_key);
  out.signing_secret = z85_encode_key(seed);
  return out;
}

Result<schema::SigningPair> signing_pair(const KeyFile& keys) {
  const auto seed = key_of(keys.signing_secret, "signing_secret");
  if (!seed) return fail(seed.error());
  return schema::signing_pair_of(*seed);
}

Result<std::vector<schema::SealingPair>> sealing_pairs(const KeyFile& keys) {
  std::vector<schema::SealingPair> out;
  const auto present = key_of(keys.sealing_secret, "sealing_secret");
  if (!present) return fail(present.error());
  out.push_back(schema::sealing_pair_of(*present));
  for (const auto& text : keys.earlier_sealing) {
    const auto earlier = key_of(text, "earlier_sealing");
    if (!earlier) return fail(earlier.error());
    out.push_back(schema::sealing_pair_of(*earlier));
  }
  return out;
}

Result<schema::KeySet> public_set(const KeyFile& keys) {
  const auto curve = key_of(keys.public_key, "public_key");
  const auto sealing = key_of(keys.sealing_public, "sealing_public");
  const auto signing = key_of(keys.signing_public, "signing_public");
  for (const auto* key : {&curve, &sealing, &signing}) {
    if (!*key) return fail(key->error());
  }
  return schema::KeySet{*curve, *sealing, *signing};
}

std::string base64_of(const schema::Signature& signature) {
  std::string out(sodium_base64_encoded_len(signature.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), signature.data(), signature.size(), sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the terminating zero
  return out;
}

Result<schema::Event> presentation(const schema::Registry& registry, const KeyFile& keys,
                                   const schema::SigningPair& signer) {
  const auto set = public_set(keys);
  if (!set) return fail(set.error());
  const schema::KeyStatement statement = schema::make_statement(keys.member, *set, signer);
  const auto* type = registry.find("nl.placements.hub.keys-presented.v1");
  if (type == nullptr) return fail(Errc::unknown_type, "hub.keys-presented");
  // Slugs and base64 need no escape in JSON; Z85 has neither quotes nor backslashes.
  auto payload = registry.from_json(
      *type, fmt::format(R"({{"member": "{}", "public_key": "{}", "sealing_key": "{}", "signing_key": "{}", )"
                         R"("signed_by": "{}", "signature": "{}"}})",
                         keys.member, keys.public_key, keys.sealing_public, keys.signing_public,
                         z85_encode_key(statement.signed_by), base64_of(statement.signature)));
  if (!payload) return fail(payload.error());
  schema::Event event;
  event.type = type->name;
  event.revision = type->revision;
  event.payload = std::move(*payload);
  return event;
}

}  // namespace iro::client

#include "adapters/client/sealing.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>

#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"
#include "hub/base/z85.hpp"
#include "hub/schema/personal_number.hpp"
#include "hub/schema/utf8.hpp"

namespace iro::client {
namespace {

// Permanent, with seal_scheme.
constexpr std::string_view binding_context = "iro.sealed.1.binding";
constexpr std::string_view document_context = "iro.sealed.1.document";
constexpr std::string_view cipher_label = "iro.sealed.1.cipher";
constexpr std::string_view commitment_label = "iro.sealed.1.commitment";
constexpr std::uint8_t inner_version = 1;
constexpr std::array<std::size_t, 7> buckets = {1U << 10,   4U << 10,   16U << 10,           64U << 10,
                                                128U << 10, 192U << 10, limits::sealed_bytes};

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t hash_bytes = 32;
/// commitment, header tag, nonce; then the ciphertext.
constexpr std::size_t clear_bytes = hash_bytes + hash_bytes + nonce_bytes;

/// A secret that is wiped when it goes.
struct Secret32 {
  Key32 b{};
  Secret32() = default;
  Secret32(const Secret32&) = delete;
  Secret32& operator=(const Secret32&) = delete;
  ~Secret32() { sodium_memzero(b.data(), b.size()); }
};

Hash keyed(const Key32& key, ByteView message) {
  Hash out;
  crypto_generichash(out.data(), out.size(), message.data(), message.size(), key.data(), key.size());
  return out;
}

/// The event and the recipients, so that neither can be exchanged.
Bytes binding_of(const SealedIn& event, std::span<const Key32> recipients) {
  ByteWriter out;
  out.text16(binding_context);
  out.bytes(event.id.b);
  out.text16(event.type);
  out.text16(event.source);
  out.text16(event.subject);
  out.u16(static_cast<std::uint16_t>(recipients.size()));
  for (const Key32& key : recipients) out.bytes(key);
  return out.take();
}

/// Name, media type and content, as they are signed and enclosed.
Bytes document_bytes(const Document& document) {
  ByteWriter out;
  out.text16(document.name);
  out.text16(document.media_type);
  out.blob32(document.content);
  return out.take();
}

Bytes signed_bytes(ByteView binding, const Hash& commitment, const Key32& sender, ByteView document) {
  ByteWriter out;
  out.text16(document_context);
  out.blob32(binding);
  out.bytes(commitment);
  out.bytes(sender);
  out.bytes(document);
  return out.take();
}

std::string_view word(schema::PersonalNumber found) {
  return found == schema::PersonalNumber::bsn ? "BSN" : "onderwijsnummer";
}

Status check_document(const Document& document) {
  if (document.name.size() > limits::attribute_bytes || document.media_type.size() > limits::attribute_bytes)
    return fail(Errc::invalid_argument, fmt::format("a name has at most {} bytes", limits::attribute_bytes));
  for (const std::string_view name : {std::string_view(document.name), std::string_view(document.media_type)}) {
    if (const auto found = schema::find_personal_number(name))
      return fail(Errc::personal_number, fmt::format("the document's name holds a {}", word(*found)));
  }
  const std::string_view text = as_text(document.content);
  if (!schema::is_utf8(text)) return {};  // a scan or a PDF: nothing to read by eye
  if (const auto found = schema::find_personal_number(text))
    return fail(Errc::personal_number, fmt::format("the document holds a {}", word(*found)));
  return {};
}

Status check_recipients(std::span<const Key32> recipients) {
  if (recipients.empty() || recipients.size() > limits::sealed_recipients) {
    return fail(Errc::invalid_argument,
                fmt::format("a document has 1 to {} recipients, not {}", limits::sealed_recipients, recipients.size()));
  }
  std::vector<Key32> sorted(recipients.begin(), recipients.end());
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end())
    return fail(Errc::invalid_argument, "a recipient is named twice");
  return {};
}

Result<std::vector<Key32>> recipients_of(const SealedDocument& sealed) {
  std::vector<Key32> out;
  for (const auto& key : sealed.keys) {
    const auto raw = z85_decode_key(key.key_id);
    if (!raw) return fail(Errc::sealed_damaged, "a recipient's key id is no key");
    out.push_back(*raw);
  }
  return out;
}

/// Our copy of the document's key, into `key`.
Status take_key(const SealedDocument& sealed, std::span<const Key32> recipients, std::span<const SealingPair> ours,
                Secret32& key) {
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const auto pair = std::ranges::find(ours, recipients[i], &SealingPair::public_key);
    if (pair == ours.end()) continue;
    const Bytes& box = sealed.keys[i].sealed_key;
    if (box.size() != hash_bytes + crypto_box_SEALBYTES ||
        crypto_box_seal_open(key.b.data(), box.data(), box.size(), pair->public_key.data(), pair->secret_key.data()) !=
            0) {
      return fail(Errc::sealed_damaged, "the document's key cannot be taken out of its seal");
    }
    return {};
  }
  return fail(Errc::sealed_for_others, fmt::format("it has {} recipients, and none of our keys", recipients.size()));
}

/// What the encryption enclosed.
struct Inner {
  Key32 sender{};
  schema::Signature signature{};
  ByteView document;  // as signed
  Document value;
};

Result<Inner> read_inner(ByteView plain) {
  ByteReader in(plain);
  Inner out;
  if (in.u8() != inner_version) return fail(Errc::sealed_scheme, "the inside is of a newer version");
  const ByteView sender = in.bytes(out.sender.size());
  const ByteView signature = in.bytes(out.signature.size());
  const std::size_t from = in.at();
  out.value.name = std::string(in.text16());
  out.value.media_type = std::string(in.text16());
  out.value.content = to_bytes(in.blob32());
  if (!in.ok()) return fail(Errc::sealed_damaged, "the inside ends too early");
  out.document = plain.subspan(from, in.at() - from);
  std::ranges::copy(sender, out.sender.begin());
  std::ranges::copy(signature, out.signature.begin());
  return out;
}

}  // namespace

std::optional<std::size_t> bucket_for(std::size_t bytes) {
  const auto at = std::ranges::lower_bound(buckets, bytes);
  return at == buckets.end() ? std::nullopt : std::optional(*at);
}

Result<SealedDocument> seal(const Document& document, const SealedIn& event, std::span<const Key32> recipients,
                            const SigningPair& sender) {
  IRO_ASSERT(sodium_init() >= 0, "libsodium starts");
  IRO_ASSERT(!event.id.is_zero(), "the event's id is known before its document is sealed");
  IRO_TRY(check_recipients(recipients), "seal");
  IRO_TRY(check_document(document), "seal");
  const Bytes binding = binding_of(event, recipients);
  const Bytes enclosed = document_bytes(document);
  const auto size = bucket_for(1 + sender.public_key.size() + sizeof(schema::Signature) + enclosed.size());
  if (!size)
    return fail(Errc::sealed_oversize, fmt::format("{} bytes; with what goes around it at most {}",
                                                   document.content.size(), limits::sealed_bytes));
  Secret32 key;
  random_bytes(key.b);
  const Hash commitment = keyed(key.b, as_bytes(commitment_label));
  schema::Signature signature;
  const Bytes to_sign = signed_bytes(binding, commitment, sender.public_key, enclosed);
  crypto_sign_detached(signature.data(), nullptr, to_sign.data(), to_sign.size(), sender.secret_key.data());

  ByteWriter inner;
  inner.reserve(*size);
  inner.u8(inner_version);
  inner.bytes(sender.public_key);
  inner.bytes(signature);
  inner.bytes(enclosed);
  Bytes plain = inner.take();
  plain.resize(*size);  // zeros up to the bucket

  SealedDocument out;
  out.scheme = seal_scheme;
  for (const Key32& recipient : recipients) {
    Bytes box(key.b.size() + crypto_box_SEALBYTES);
    if (crypto_box_seal(box.data(), key.b.data(), key.b.size(), recipient.data()) != 0)
      return fail(Errc::invalid_argument, "a recipient's sealing key is no key");
    out.keys.push_back({z85_encode_key(recipient), std::move(box)});
  }
  ByteWriter content;
  content.bytes(commitment);
  content.bytes(keyed(key.b, binding));
  std::array<std::uint8_t, nonce_bytes> nonce{};
  random_bytes(nonce);
  content.bytes(nonce);
  out.content = content.take();
  out.content.resize(clear_bytes + plain.size() + tag_bytes);
  Secret32 cipher;
  cipher.b = keyed(key.b, as_bytes(cipher_label));
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.content.data() + clear_bytes, nullptr, plain.data(), plain.size(),
                                             binding.data(), binding.size(), nullptr, nonce.data(), cipher.b.data());
  sodium_memzero(plain.data(), plain.size());
  return out;
}

Result<Document> open(const SealedDocument& sealed, const SealedIn& event, std::span<const SealingPair> ours,
                      std::span<const Key32> sender) {
  IRO_ASSERT(sodium_init() >= 0, "libsodium starts");
  if (sealed.scheme != seal_scheme) return fail(Errc::sealed_scheme, fmt::format("'{}'", sealed.scheme.substr(0, 60)));
  if (sealed.content.size() < clear_bytes + tag_bytes) return fail(Errc::sealed_damaged, "the content is too short");
  const auto recipients = recipients_of(sealed);
  if (!recipients) return fail(recipients.error());
  Secret32 key;
  IRO_TRY(take_key(sealed, *recipients, ours, key), "open");

  const ByteView content(sealed.content);
  const Hash commitment = keyed(key.b, as_bytes(commitment_label));
  if (!std::ranges::equal(commitment, content.first(hash_bytes)))
    return fail(Errc::sealed_damaged, "the key is not the one that the document was sealed with");
  const Bytes binding = binding_of(event, *recipients);
  if (!std::ranges::equal(keyed(key.b, binding), content.subspan(hash_bytes, hash_bytes)))
    return fail(Errc::sealed_other_event, "its event's id, type, source, subject or recipients are not these");
  const ByteView cipher_text = content.subspan(clear_bytes);
  Bytes plain(cipher_text.size() - tag_bytes);
  Secret32 cipher;
  cipher.b = keyed(key.b, as_bytes(cipher_label));
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, cipher_text.data(), cipher_text.size(),
                                                 binding.data(), binding.size(),
                                                 content.data() + hash_bytes + hash_bytes, cipher.b.data()) != 0) {
    return fail(Errc::sealed_damaged, "the content does not decrypt");
  }
  auto inner = read_inner(plain);
  if (!inner) return fail(inner.error());
  if (std::ranges::find(sender, inner->sender) == sender.end())
    return fail(Errc::sealed_sender, "it is signed with a key that the sender does not have");
  const Bytes as_signed = signed_bytes(binding, commitment, inner->sender, inner->document);
  if (crypto_sign_verify_detached(inner->signature.data(), as_signed.data(), as_signed.size(), inner->sender.data()) !=
      0) {
    return fail(Errc::sealed_sender, "the signature is not the sender's");
  }
  sodium_memzero(plain.data(), plain.size());
  return std::move(inner->value);
}

}  // namespace iro::client

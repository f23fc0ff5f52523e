// adapters/client/sealing.hpp: documents that the hub carries and cannot read.
//
// A document is encrypted with a key of its own, and that key is sealed to each
// recipient. Inside, under the encryption, stands the sender's signature over
// the document, its recipients and the event it travels in: a recipient cannot
// pass it on in the sender's name, nor the hub put it into another event. The
// length is padded to a bucket. docs/protocol.md has the layout, byte by byte.
//
// Pure but for the system's random bytes; libsodium does the cryptography. Any
// thread. Nothing here knows the hub: keys come from a KeyFile (ours) and from
// the pinned directory (theirs, key_book.hpp).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"
#include "hub/schema/key_statement.hpp"

namespace iro::client {

using schema::Key32;
using schema::SealingPair;
using schema::SigningPair;

/// Permanent: names all of what follows.
inline constexpr std::string_view seal_scheme = "xchacha20poly1305-box-ed25519.1";

/// The event that the document travels in. All of it must be known before sealing.
struct SealedIn {
  EventId id;
  std::string type;
  std::string source;
  std::string subject;
};

struct Document {
  std::string name;        // "plan.pdf"; at most 255 bytes
  std::string media_type;  // "application/pdf"; may be ""
  Bytes content;
  bool operator==(const Document&) const = default;
};

/// The table `Sealed` of schemas/common.fbs.
struct SealedDocument {
  struct Key {
    std::string key_id;  // the recipient's sealing key, Z85
    Bytes sealed_key;
  };
  std::string scheme;
  std::vector<Key> keys;
  Bytes content;

  /// The JSON of the table, as a payload's field; and back (payload_invalid).
  [[nodiscard]] std::string to_json() const;
  static Result<SealedDocument> from_json(std::string_view json);
};

/// Fails with personal_number when the name or a document of text holds one: what is sealed nobody can check
/// afterwards. Fails with sealed_oversize, and with invalid_argument for no recipient or too many.
Result<SealedDocument> seal(const Document& document, const SealedIn& event, std::span<const Key32> recipients,
                            const SigningPair& sender);

/// `ours` are the recipient's pairs, also earlier ones; `sender` the signing keys that the sender may have used.
/// Fails with sealed_scheme, sealed_for_others, sealed_damaged, sealed_other_event or sealed_sender.
Result<Document> open(const SealedDocument& sealed, const SealedIn& event, std::span<const SealingPair> ours,
                      std::span<const Key32> sender);

/// How long `bytes` is once padded, or nothing when it is too long: what an onlooker learns of a document's size.
std::optional<std::size_t> bucket_for(std::size_t bytes);

}  // namespace iro::client

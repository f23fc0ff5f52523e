#include "adapters/files/outgoing_documents.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "adapters/client/member_keys.hpp"
#include "hub/base/clock.hpp"
#include "hub/base/limits.hpp"

namespace iro::files {

bool passes(Errc code) {
  return code == Errc::unreachable || code == Errc::timeout || code == Errc::io || code == Errc::locked ||
         code == Errc::disk_full || info(code).permanence == Permanence::T;
}

client::SealedIn UnsealedDocuments::header() const { return {make_event_id(1), "", "urn:nld:oin:0", ""}; }

Result<client::Document> UnsealedDocuments::read(const std::string& name) const {
  if (name.empty() || name.front() == '.' || name.find_first_of("/\\") != std::string::npos)
    return fail(Errc::csv_value, "a document is named without a folder: it lies in outbox/documents");
  std::error_code error;
  const auto size = std::filesystem::file_size(folder_ / name, error);
  if (error) return fail(Errc::csv_value, fmt::format("there is no '{}' in outbox/documents", name));
  if (size > limits::sealed_bytes) return fail(Errc::sealed_oversize, fmt::format("'{}' has {} bytes", name, size));
  std::ifstream in(folder_ / name, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (in.bad()) return fail(Errc::io, fmt::format("'{}' cannot be read", name));
  return client::Document{name, "", to_bytes(text)};
}

Result<client::SealedDocument> UnsealedDocuments::seal(const client::Document& /*document*/,
                                                       const client::SealedIn& /*event*/,
                                                       const std::string& /*recipient*/) const {
  return client::SealedDocument{std::string(client::seal_scheme), {}, {}};
}

client::SealedIn OutgoingDocuments::header() const {
  return {make_event_id(static_cast<std::uint64_t>(SystemClock().now().value())), "", keys_.source, ""};
}

Result<client::SealedDocument> OutgoingDocuments::seal(const client::Document& document, const client::SealedIn& event,
                                                       const std::string& recipient) const {
  const auto signer = client::signing_pair(keys_);
  if (!signer) return fail(signer.error());
  const auto key = find_(recipient);
  if (!key) return fail(key.error());
  return client::seal(document, event, {&*key, 1}, *signer);
}

}  // namespace iro::files

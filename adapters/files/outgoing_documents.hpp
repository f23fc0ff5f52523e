// adapters/files/outgoing_documents.hpp: documents that a row names, sealed into its event.
//
// A mapping says `content = { document = "bestand" }`: that column names a file
// in outbox/documents/, which is sealed to the recipient that the payload names.
// The document itself stays where it is. One thread an object.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "adapters/client/client.hpp"
#include "adapters/client/sealing.hpp"

namespace iro::files {

class DocumentSealer {
 public:
  virtual ~DocumentSealer() = default;
  /// A fresh event id, and the source under which it will be published.
  [[nodiscard]] virtual client::SealedIn header() const = 0;
  /// Fails with csv_value when there is no such document, or its name leads elsewhere.
  [[nodiscard]] virtual Result<client::Document> read(const std::string& name) const = 0;
  /// Fails as client::seal and KeyBook::find do; unreachable and timeout pass.
  [[nodiscard]] virtual Result<client::SealedDocument> seal(const client::Document& document,
                                                            const client::SealedIn& event,
                                                            const std::string& recipient) const = 0;
};

/// An error that says nothing of the document: the row is tried again later.
bool passes(Errc code);

/// The documents of a folder, for `iro files check`: they are read, and not sealed.
class UnsealedDocuments : public DocumentSealer {
 public:
  explicit UnsealedDocuments(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] client::SealedIn header() const override;
  [[nodiscard]] Result<client::Document> read(const std::string& name) const override;
  [[nodiscard]] Result<client::SealedDocument> seal(const client::Document& document, const client::SealedIn& event,
                                                    const std::string& recipient) const override;

 private:
  std::filesystem::path folder_;
};

class OutgoingDocuments final : public UnsealedDocuments {
 public:
  /// The sealing key of a member, as far as it is believed.
  using FindKey = std::function<Result<client::Key32>(const std::string& member)>;
  OutgoingDocuments(std::filesystem::path folder, client::KeyFile keys, FindKey find)
      : UnsealedDocuments(std::move(folder)), keys_(std::move(keys)), find_(std::move(find)) {}
  [[nodiscard]] client::SealedIn header() const override;
  [[nodiscard]] Result<client::SealedDocument> seal(const client::Document& document, const client::SealedIn& event,
                                                    const std::string& recipient) const override;

 private:
  client::KeyFile keys_;
  FindKey find_;
};

}  // namespace iro::files

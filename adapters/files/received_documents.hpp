// adapters/files/received_documents.hpp: sealed documents that came in, as files.
//
// keep() puts the event aside in private/sealed/, within the handler; opening
// comes later, because it asks the hub whose keys to believe. open_next() writes
// inbox/documents/EVENT-NAME (mode 0600), or EVENT.not-opened.txt with the
// reason; the event itself stands in inbox/ in any case, so that `iro open` can
// try again. Both steps may be repeated after a crash: nothing is lost or torn.
//
// keep() belongs to the client's handler, open_next() to the service's thread;
// they share the folder only.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "adapters/client/client.hpp"
#include "adapters/client/sealing.hpp"

namespace iro::files {

class ReceivedDocuments {
 public:
  ReceivedDocuments(std::filesystem::path waiting, std::filesystem::path opened, client::KeyFile keys)
      : waiting_(std::move(waiting)), opened_(std::move(opened)), keys_(std::move(keys)) {}

  /// Put the event aside when it carries a sealed document. `cloud_event` is its JSON.
  [[nodiscard]] Status keep(const EventId& id, std::string_view cloud_event) const;

  /// The signing keys that a member may have used; an error that passes (unreachable, timeout) keeps the document
  /// waiting.
  using Signers = std::function<Result<std::vector<client::Key32>>(const std::string& member)>;
  /// Open one that waits. True when one was dealt with; false when none waits. An Error is about the disk or the hub.
  [[nodiscard]] Result<bool> open_next(const Signers& signers) const;

 private:
  [[nodiscard]] Result<client::Document> open(std::string_view cloud_event, const Signers& signers) const;

  std::filesystem::path waiting_;
  std::filesystem::path opened_;
  client::KeyFile keys_;
};

}  // namespace iro::files

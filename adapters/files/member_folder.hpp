// adapters/files/member_folder.hpp: the folders of one member.
//
//   outbox/            the member puts files here; they leave when they are taken
//   outbox/documents/  documents that rows of those files name; they are sealed, and stay
//   outbox/done/       files that were taken
//   outbox/rejected/   files that cannot be used, and what was wrong with rows: NAME.rejects.csv
//   inbox/             what the member received: a CSV file a type, a JSON-lines file a month
//   inbox/documents/   sealed documents that were opened
//   mappings/          the member's own mappings (optional)
//   private/           mode 0700: the secret behind the pseudonyms, the client's outbox and inbox
//
// A value. Any thread.
#pragma once

#include <filesystem>

#include "hub/base/error.hpp"

namespace iro::files {

class MemberFolder {
 public:
  explicit MemberFolder(std::filesystem::path root) : root_(std::move(root)) {}

  /// Make the folders that are not there.
  [[nodiscard]] Status create() const;

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::filesystem::path outbox() const { return root_ / "outbox"; }
  [[nodiscard]] std::filesystem::path done() const { return root_ / "outbox" / "done"; }
  [[nodiscard]] std::filesystem::path rejected() const { return root_ / "outbox" / "rejected"; }
  [[nodiscard]] std::filesystem::path inbox() const { return root_ / "inbox"; }
  [[nodiscard]] std::filesystem::path to_seal() const { return root_ / "outbox" / "documents"; }
  [[nodiscard]] std::filesystem::path documents() const { return root_ / "inbox" / "documents"; }
  /// Sealed documents that wait to be opened.
  [[nodiscard]] std::filesystem::path sealed() const { return root_ / "private" / "sealed"; }
  [[nodiscard]] std::filesystem::path mappings() const { return root_ / "mappings"; }
  [[nodiscard]] std::filesystem::path data() const { return root_ / "private"; }
  [[nodiscard]] std::filesystem::path pseudonym_key() const { return root_ / "private" / "pseudonyms.key"; }
  /// Reject files of what is being taken now.
  [[nodiscard]] std::filesystem::path work() const { return root_ / "private" / "taking"; }

 private:
  std::filesystem::path root_;
};

}  // namespace iro::files

// adapters/client/key_book.hpp: whose keys we believe.
//
// The hub's view `directory` shows every member's keys. It is not believed: a
// KeyBook remembers, in the client's own folder, which signing keys it saw first,
// and accepts other keys of that member only when a key it believes has signed
// them. What the hub put in between is refused with sealing_key_swapped, and
// nothing is sealed to it. After a member has lost all its keys, people compare
// fingerprints and say so with trust().
//
// The first sight is believed as the hub shows it; comparing fingerprints then
// closes that gap. One thread. The folder is locked by whoever opens it: a client
// with that data folder, or take_folder() (database.hpp).
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "adapters/client/client.hpp"
#include "hub/schema/key_statement.hpp"

namespace SQLite {
class Database;
}

namespace iro::client {

/// One member in the directory, as the hub says.
struct DirectoryEntry {
  struct Set {
    schema::KeyStatement statement;
    bool active = false;
  };
  std::string member;
  std::vector<Set> sets;  // oldest first
};
/// The pages of the view, as query() gives them. Fails with payload_invalid.
Result<std::vector<DirectoryEntry>> read_directory(const std::vector<std::string>& pages);

/// What we may use of a member's keys.
struct TrustedKeys {
  schema::Key32 sealing{};             // seal to this one
  schema::Key32 signing{};             // beside it
  std::vector<schema::Key32> signers;  // whoever of these signed a document, it was the member
  bool first_sight = false;            // believed because nothing was known: compare the fingerprint
};

/// A signing key that we believe to be the member's. A retired one vouches for nothing new.
struct Pin {
  schema::Key32 signing{};
  bool retired = false;
};

/// Pure: what to believe of `entry` when `pins` were believed before. Fails with sealing_key_swapped, or with
/// sealing_key_missing when the member has no such keys.
struct Judged {
  TrustedKeys keys;
  std::vector<Pin> pins;  // to remember from now on
};
Result<Judged> judge(const DirectoryEntry& entry, const std::vector<Pin>& pins);

class KeyBook {
 public:
  /// trust.db in `folder`, made when it is missing; a folder of "" keeps it in memory.
  static Result<std::unique_ptr<KeyBook>> open(const std::filesystem::path& folder);
  ~KeyBook();

  /// judge(), remembered.
  Result<TrustedKeys> check(const DirectoryEntry& entry);
  /// Ask the hub for the member, and check().
  Result<TrustedKeys> find(Client& client, const std::string& member, std::chrono::milliseconds timeout);
  /// A person has compared: believe what the entry shows, whatever was pinned before. Fails with
  /// fingerprint_differs unless `fingerprint` is that of its newest active signing key.
  Result<TrustedKeys> trust(const DirectoryEntry& entry, std::string_view fingerprint);
  Result<std::vector<Pin>> pins(const std::string& member);

 private:
  explicit KeyBook(std::unique_ptr<SQLite::Database> db);
  Status remember(const std::string& member, const std::vector<Pin>& pins);
  std::unique_ptr<SQLite::Database> db_;
};

/// The member's entry of the view.
Result<DirectoryEntry> ask_directory(Client& client, const std::string& member, std::chrono::milliseconds timeout);

}  // namespace iro::client

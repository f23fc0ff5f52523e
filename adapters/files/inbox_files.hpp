// adapters/files/inbox_files.hpp: what a member received, as files.
//
// Every event becomes a row of inbox/TYPE.csv (its payload's fields as columns)
// and a line of inbox/YYYY-MM.jsonl (the whole CloudEvent), each exactly once:
// the files' lengths stand in the client's inbox.db and change in the
// transaction that marks the event as handled. A line that is not yet known to
// be on the disk stands in inbox.db too and is written again after a power cut;
// so the files need an fsync only once in 256 events.
//
// A file that somebody moved away is begun anew; one that somebody shortened is
// put aside as NAME.changed and begun anew. When a later schema has more
// columns, a new file TYPE.2.csv is begun. Called by the client's handler: one
// thread at a time.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "adapters/files/inbox_rows.hpp"
#include "adapters/files/recorded_file.hpp"
#include "hub/schema/registry.hpp"

namespace SQLite {
class Database;
}

namespace iro::files {

class InboxFiles {
 public:
  InboxFiles(std::filesystem::path folder, const schema::Registry& registry)
      : folder_(std::move(folder)), registry_(registry), rows_(registry) {}

  /// Within the inbox's open transaction. Fails with unknown_type when this
  /// program is too old for the event, with io or disk_full.
  Status write(const schema::EventView& event, SQLite::Database& inbox);

 private:
  Status prepare(SQLite::Database& inbox);
  Status repair(SQLite::Database& inbox, const std::string& name, std::uint64_t recorded);
  Status append(const std::string& name, std::string_view header, std::string_view text, SQLite::Database& inbox);
  Status sync_all(SQLite::Database& inbox);
  Result<RecordedFile*> file(const std::string& name);
  Status put_aside(const std::string& name);
  [[nodiscard]] static std::string name_for(const std::string& base, const std::string& header,
                                            SQLite::Database& inbox);

  std::filesystem::path folder_;
  const schema::Registry& registry_;
  InboxRows rows_;
  std::map<std::string, RecordedFile> open_;
  std::uint64_t unsynced_ = 0;
  bool prepared_ = false;
};

}  // namespace iro::files

// hub/log/sqlite/key_reader.hpp: keys.db, read only, beside the hub that writes it or without one.
//
// For programs that must read what the hub has stored about persons and may
// change nothing (`iro whatif`). Nothing is kept in memory: a key that the hub
// destroys is gone here too, from the next look on. One thread.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "hub/log/keys.hpp"
#include "hub/log/sqlite/page_vfs.hpp"
#include "hub/log/sqlite/statement.hpp"

namespace iro::log {

class KeyReader {
 public:
  /// Fails with not_found when `folder` has no keys.db, corrupt, storage_failed.
  static Result<std::unique_ptr<KeyReader>> open(const std::filesystem::path& folder,
                                                 const std::string& vfs = page_vfs_name);
  /// Nothing when the key was destroyed, or never was.
  [[nodiscard]] Result<std::optional<PersonKey>> find(PersonKeyNo no);

 private:
  explicit KeyReader(std::unique_ptr<SQLite::Database> db) : db_(std::move(db)) {}

  std::unique_ptr<SQLite::Database> db_;
  Statement by_no_{"SELECT key FROM person_key WHERE no=?"};
};

}  // namespace iro::log

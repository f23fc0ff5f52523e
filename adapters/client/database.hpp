// adapters/client/database.hpp: how outbox.db and inbox.db are opened, and how
// SQLite's exceptions become Errors.
//
// Durable means WAL and synchronous=FULL: what COMMIT has acknowledged survives
// the loss of power. One connection writes, and does every checkpoint; readers
// never do (SQLite before 3.51.3 can corrupt a WAL that two connections reset).
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <memory>
#include <string_view>

#include "hub/base/bytes.hpp"
#include "hub/base/error.hpp"
#include "hub/base/file_lock.hpp"

namespace iro::client {

/// Opens or makes the database, and drops what the page cache holds of it: after a
/// failed fsync the cache can show what the disk never got.
Result<std::unique_ptr<SQLite::Database>> open_writer(const std::filesystem::path& path);
/// A second, read-only connection to a database that a writer has open.
Result<std::unique_ptr<SQLite::Database>> open_reader(const std::filesystem::path& path);
/// A database that is gone with the object: for clients without a data folder.
Result<std::unique_ptr<SQLite::Database>> open_in_memory();

/// Checks `format` in `table`, or writes it to a new database. Fails with format_newer.
Status check_format(SQLite::Database& db, const std::string& table, int format);

/// What went wrong, as one of our codes.
Error database_error(const SQLite::Exception& e);

/// Run `body`, which returns a Result; SQLite's exceptions become its error.
template <typename Body>
auto guarded(std::string_view what, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const SQLite::Exception& e) {
    return fail(database_error(e).within(what));
  }
}

inline ByteView blob(const SQLite::Column& column) {
  return {static_cast<const std::uint8_t*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())};
}
inline void bind_blob(SQLite::Statement& statement, int index, ByteView bytes) {
  // SQLite reads a null pointer as NULL, and an empty view may have one.
  statement.bindNoCopy(index, bytes.empty() ? "" : static_cast<const void*>(bytes.data()),
                       static_cast<int>(bytes.size()));
}
inline void bind_text(SQLite::Statement& statement, int index, std::string_view text) {
  statement.bind(index, std::string(text));
}
/// SQLite's integers are signed; ours here stay far below 2^63.
inline std::int64_t to_sql(std::uint64_t value) { return static_cast<std::int64_t>(value); }
inline std::uint64_t from_sql(const SQLite::Column& column) { return static_cast<std::uint64_t>(column.getInt64()); }

/// A statement in use: ready for the next use when this ends, also by an exception.
class Use {
 public:
  explicit Use(SQLite::Statement& statement) : statement_(statement) {}
  ~Use() { statement_.tryReset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  SQLite::Statement* operator->() { return &statement_; }
  SQLite::Statement& operator*() { return statement_; }

 private:
  SQLite::Statement& statement_;
};

/// One process at a time has the data folder open. Makes the folder (mode 0700)
/// if it is missing. Fails with `locked`.
Result<FileLock> take_folder(const std::filesystem::path& folder);

}  // namespace iro::client

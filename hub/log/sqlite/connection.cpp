#include "hub/log/sqlite/connection.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

#include "hub/base/limits.hpp"

namespace iro::log {
namespace {

/// Did a write fail for want of room? SQLite says SQLITE_FULL for ENOSPC only; a quota or a limit on a file's size is
/// the same to us, and is rolled back as cleanly. The files remember what the system said to each of them.
bool no_room(sqlite3* db) {
  if (db == nullptr) return false;
  bool any = false;
  for (const int which : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(db, "main", which, static_cast<void*>(&file));
    int last = 0;
    if (file == nullptr || file->pMethods == nullptr) continue;
    if (file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &last) != SQLITE_OK || last == 0) continue;
    if (last != EDQUOT && last != EFBIG && last != ENOSPC) return false;
    any = true;
  }
  return any;
}

Errc code_of(int extended, sqlite3* db) {
  switch (extended) {
    case SQLITE_IOERR_DATA:
    case SQLITE_IOERR_CORRUPTFS:
      return Errc::corrupt;
    case SQLITE_IOERR_WRITE:
      return no_room(db) ? Errc::disk_full : Errc::storage_failed;
    default:
      break;
  }
  switch (extended & 0xFF) {
    case SQLITE_FULL:
      return Errc::disk_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::corrupt;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
    case SQLITE_ERROR:
      return Errc::internal;
    default:
      return Errc::storage_failed;
  }
}

void configure(SQLite::Database& db, const ConnectionOptions& options) {
  sqlite3* handle = db.getHandle();
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  db.exec(
      fmt::format("PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0;"
                  "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-{};",
                  options.cache_kib));
}

void configure_writer(SQLite::Database& db, const ConnectionOptions& options) {
  int reserve = static_cast<int>(limits::page_checksum_bytes);
  sqlite3_file_control(db.getHandle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);  // counts for a new file only
  db.exec(
      fmt::format("PRAGMA page_size={}; PRAGMA secure_delete=ON; PRAGMA synchronous={};"
                  "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit={};",
                  limits::page_bytes, options.synchronous, limits::wal_bytes));
  // Two steps: the row that says "wal" comes before the commit that makes it true, which may fail.
  db.exec("PRAGMA journal_mode=WAL");
  const std::string mode = db.execAndGet("PRAGMA journal_mode").getString();
  if (mode != "wal") throw SQLite::Exception("the journal mode is " + mode + ", not wal", SQLITE_IOERR);
}

}  // namespace

Error error_of(const SQLite::Exception& exception, sqlite3* db, const std::string& what) {
  const int extended =
      exception.getExtendedErrorCode() > 0 ? exception.getExtendedErrorCode() : exception.getErrorCode();
  const Errc code = code_of(extended, db);
  if (extended == SQLITE_IOERR_DATA) {
    if (const auto page = take_page_mismatch()) {
      return {code, fmt::format("{}: page {} of {}: the checksum does not fit", what, page->page, page->file)};
    }
  }
  return {code, fmt::format("{}: {} (SQLite {})", what, exception.what(), extended)};
}

Result<std::unique_ptr<SQLite::Database>> open_connection(const std::filesystem::path& file,
                                                          const ConnectionOptions& options) {
  IRO_TRY(register_page_vfs(), "open " + file.string());
  const bool writes = options.access == Access::create_or_write;
  const int flags =
      (writes ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE : SQLite::OPEN_READONLY) | SQLite::OPEN_NOMUTEX;
  std::unique_ptr<SQLite::Database> db;
  try {
    db = std::make_unique<SQLite::Database>(file.string(), flags, options.busy_ms, options.vfs);
    configure(*db, options);
    if (writes) configure_writer(*db, options);
    // The first read: a damaged header shows here, not in the middle of something.
    (void)db->execAndGet("SELECT count(*) FROM sqlite_master").getInt();
  } catch (const SQLite::Exception& e) {
    if (!writes && e.getErrorCode() == SQLITE_CANTOPEN)
      return fail(Errc::not_found, file.string() + ": cannot be opened");
    return fail(error_of(e, db ? db->getHandle() : nullptr, "open " + file.string()));
  }
  return db;
}

Status sync_files(SQLite::Database& db) {
  for (const int which : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(db.getHandle(), "main", which, static_cast<void*>(&file));
    if (file == nullptr || file->pMethods == nullptr) continue;
    const int rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    if (rc != SQLITE_OK)
      return fail(Errc::storage_failed, fmt::format("fsync: {} (SQLite {})", sqlite3_errstr(rc), rc));
  }
  return {};
}

Status truncate_wal(SQLite::Database& db) {
  const int rc = sqlite3_wal_checkpoint_v2(db.getHandle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (rc != SQLITE_OK) return fail(error_of(SQLite::Exception(db.getHandle(), rc), db.getHandle(), "empty the WAL"));
  // SQLite does not sync the WAL that it has cut off: after a power failure all of it could be back.
  return sync_files(db);
}

}  // namespace iro::log

#include "hub/log/sqlite/sqlite_key_ring.hpp"

#include <sodium.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/statement.hpp"
#include "hub/log/sqlite/transaction.hpp"

namespace iro::log {
namespace {

constexpr const char* key_tables = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE person_key(no INTEGER PRIMARY KEY, owner BLOB NOT NULL, class INTEGER NOT NULL, key BLOB NOT NULL,
                        created_ms INTEGER NOT NULL, UNIQUE(owner, class)) STRICT;
CREATE TABLE tombstone(no INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE gap(first INTEGER PRIMARY KEY, last INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;
)";

/// Do these bytes stand anywhere in the database file? Reads it page by page, below SQL.
Result<bool> stands_in_file(SQLite::Database& db, ByteView wanted) {
  sqlite3_file* file = nullptr;
  sqlite3_int64 size = 0;
  sqlite3_file_control(db.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file));
  if (file == nullptr || file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
    return fail(Errc::storage_failed, "the size of keys.db cannot be read");
  }
  std::array<std::uint8_t, limits::page_bytes> page{};
  constexpr auto page_size = static_cast<sqlite3_int64>(limits::page_bytes);
  for (sqlite3_int64 at = 0; at + page_size <= size; at += page_size) {
    const int rc = file->pMethods->xRead(file, page.data(), static_cast<int>(page_size), at);
    if (rc == SQLITE_IOERR_DATA) return fail(Errc::corrupt, "a page of keys.db does not have its checksum");
    if (rc != SQLITE_OK) return fail(Errc::storage_failed, "keys.db cannot be read");
    if (::memmem(page.data(), page.size(), wanted.data(), wanted.size()) != nullptr) return true;
  }
  return false;
}

}  // namespace

struct SqliteKeyRing::Session {
  std::unique_ptr<SQLite::Database> db;
  Transactions transactions;
  Statement insert{"INSERT INTO person_key VALUES(?,?,?,?,?)"};
  Statement by_owner{"SELECT no, key FROM person_key WHERE owner=? AND class=?"};
  Statement by_no{"SELECT owner, class, key FROM person_key WHERE no=?"};
  Statement of_owner{"SELECT class, no FROM person_key WHERE owner=?"};
  Statement remove{"DELETE FROM person_key WHERE no=?"};
  Statement bury{"INSERT OR IGNORE INTO tombstone VALUES(?,?,?)"};
  Statement buried{"SELECT 1 FROM tombstone WHERE no=?1 UNION ALL SELECT 1 FROM gap WHERE first<=?1 AND last>=?1"};
  Statement gap{"INSERT INTO gap VALUES(?,?,?)"};
  Statement wiping{"INSERT OR IGNORE INTO meta VALUES('wiping', x'01')"};
  Statement is_wiping{"SELECT 1 FROM meta WHERE key='wiping'"};
  Statement wiped{"DELETE FROM meta WHERE key='wiping'"};
  explicit Session(std::unique_ptr<SQLite::Database> opened) : db(std::move(opened)) {}

  template <typename Work>
  Status transact(const std::string& what, Work&& work) {
    return transactions.run(*db, what, work);
  }
};

SqliteKeyRing::SqliteKeyRing(std::filesystem::path folder, const Clock& clock, SqliteKeyRingOptions options)
    : folder_(std::move(folder)), clock_(clock), options_(std::move(options)) {}

SqliteKeyRing::~SqliteKeyRing() {
  if (session_ && !refusal_) (void)truncate_wal(*session_->db);
  forget_all();
}

Result<std::unique_ptr<SqliteKeyRing>> SqliteKeyRing::open(const std::filesystem::path& folder, const Clock& clock,
                                                           const SqliteKeyRingOptions& options) {
  std::unique_ptr<SqliteKeyRing> ring(new SqliteKeyRing(folder, clock, options));
  if (const Status started = ring->start(); !started) {
    ring->refusal_ = started.error();
    return fail(started.error().within("open keys"));
  }
  return ring;
}

Status SqliteKeyRing::start() {
  ConnectionOptions options;
  options.access = Access::create_or_write;
  options.vfs = options_.vfs;
  options.synchronous = options_.synchronous;
  options.cache_kib = 1'024;
  auto db = open_connection(folder_ / "keys.db", options);
  if (!db) return fail(db.error());
  session_ = std::make_unique<Session>(std::move(*db));
  IRO_TRY(guarded(*session_->db, "read the keys' description", [&] { return read_description(); }), "start");
  IRO_TRY(finish_wiping(), "start");
  if (!options_.tombstones.empty()) IRO_TRY(bury_again(), "start");
  // What a killed process left in the page cache only must be on disk before a body relies on it.
  return sync_files(*session_->db);
}

Status SqliteKeyRing::read_description() {
  SQLite::Database& db = *session_->db;
  Statement meta("SELECT value FROM meta WHERE key='owner_key'");
  if (!db.tableExists("meta")) {
    random_bytes(owner_key_);
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    db.exec(key_tables);
    Statement insert("INSERT INTO meta VALUES('owner_key', ?)");
    Use(db, insert, owner_key_).run();
    transaction.commit();
  }
  Use row(db, meta);
  if (!row.step() || !row.array(0, owner_key_)) return fail(Errc::corrupt, "keys.db has no owner_key");
  // A number is never used twice, also when its key is destroyed.
  const auto last = db.execAndGet(
      "SELECT max(ifnull((SELECT max(no) FROM person_key), 0), ifnull((SELECT max(no) FROM tombstone), 0),"
      "           ifnull((SELECT max(last) FROM gap), 0))");
  last_no_ = static_cast<std::uint64_t>(last.getInt64());
  for (const Pending& p : pending_) last_no_ = std::max(last_no_, p.key.no.value());
  return {};
}

/// What was destroyed stays destroyed, also when somebody puts an older keys.db in place.
Status SqliteKeyRing::bury_again() {
  auto file = TombstoneFile::open(options_.tombstones);
  if (!file) return fail(file.error());
  tombstones_.emplace(std::move(*file));
  SQLite::Database& db = *session_->db;
  std::set<PersonKeyNo> known;
  std::vector<Tombstone> ours;
  IRO_TRY(guarded(db, "read tombstones",
                  [&] {
                    Statement all("SELECT no, at_ms FROM tombstone");
                    Use row(db, all);
                    while (row.step()) {
                      const PersonKeyNo no(static_cast<std::uint64_t>(row.number(0)));
                      known.insert(no);
                      ours.push_back({no, TimeMs(row.number(1))});
                    }
                  }),
          "tombstones");
  std::vector<Tombstone> missing;
  for (const Tombstone& t : tombstones_->all()) {
    if (!known.contains(t.no)) missing.push_back(t);
  }
  if (!missing.empty()) {
    IRO_TRY(session_->transact("bury keys again",
                               [&] {
                                 for (const Tombstone& t : missing) {
                                   Use(db, session_->remove, t.no).run();
                                   Use(db, session_->bury, t.no, t.at, std::string("restored")).run();
                                 }
                               }),
            "tombstones");
    // Which bytes the keys had is not known here: the file is written anew, so that no page keeps an old copy.
    IRO_TRY(guarded(db, "rewrite keys.db", [&] { db.exec("VACUUM"); }), "tombstones");
    IRO_TRY(truncate_wal(db), "tombstones");
    for (const Tombstone& t : missing) last_no_ = std::max(last_no_, t.no.value());
    buried_again_ = missing.size();
  }
  return tombstones_->append(ours);
}

Status SqliteKeyRing::give_up(PersonKeyNo up_to) {
  const std::lock_guard lock(mutex_);
  if (refusal_) return fail(*refusal_);
  if (up_to.value() <= last_no_) return {};
  const PersonKeyNo first(last_no_ + 1);
  const Status done = session_->transact("give up lost keys",
                                         [&] { Use(*session_->db, session_->gap, first, up_to, clock_.now()).run(); });
  if (!done) return fail(failed(done.error()));
  last_no_ = up_to.value();
  return {};
}

SqliteKeyRing::OwnerHash SqliteKeyRing::hash_of(std::string_view owner) const {
  OwnerHash out{};
  static_assert(sizeof out == crypto_auth_hmacsha256_BYTES && sizeof owner_key_ == crypto_auth_hmacsha256_KEYBYTES);
  crypto_auth_hmacsha256(out.data(), as_bytes(owner).data(), owner.size(), owner_key_.data());
  return out;
}

// -- Giving keys ------------------------------------------------------------

Result<PersonKey> SqliteKeyRing::get_or_create(std::string_view owner, std::uint32_t months) {
  const std::lock_guard lock(mutex_);
  if (refusal_) return fail(*refusal_);
  const OwnerHash hash = hash_of(owner);
  if (const auto known = by_owner_.find(cache_key(hash, months)); known != by_owner_.end()) return known->second;
  for (const Pending& p : pending_) {
    if (p.owner == hash && p.months == months) return p.key;
  }
  PersonKey key;
  const auto found = guarded(*session_->db, "look for a key", [&]() -> Result<bool> {
    Use row(*session_->db, session_->by_owner, hash, months);
    if (!row.step()) return false;
    key.no = PersonKeyNo(static_cast<std::uint64_t>(row.number(0)));
    if (!row.array(1, key.key)) return fail(Errc::corrupt, "keys.db: a key has the wrong length");
    return true;
  });
  if (!found) return fail(found.error());
  if (!*found) {
    key.no = PersonKeyNo(++last_no_);
    random_bytes(key.key);
    pending_.push_back({key, hash, months, clock_.now()});
  }
  remember(hash, months, key);
  return key;
}

Status SqliteKeyRing::flush() {
  const std::lock_guard lock(mutex_);
  if (pending_.empty()) return {};
  if (refusal_) return fail(*refusal_);
  const Status done = session_->transact("write new keys", [&] {
    for (const Pending& p : pending_) {
      Use(*session_->db, session_->insert, p.key.no, p.owner, p.months, p.key.key, p.created).run();
    }
  });
  if (!done) return fail(failed(done.error()));
  pending_.clear();
  return {};
}

Result<std::optional<PersonKey>> SqliteKeyRing::find(PersonKeyNo no) {
  const std::lock_guard lock(mutex_);
  if (const auto known = by_no_.find(no); known != by_no_.end()) return std::optional(known->second);
  if (const Pending* p = pending(no)) return std::optional(p->key);
  if (!session_) return fail(*refusal_);
  return guarded(*session_->db, "look for a key", [&]() -> Result<std::optional<PersonKey>> {
    Use row(*session_->db, session_->by_no, no);
    if (!row.step()) return std::optional<PersonKey>();
    OwnerHash owner{};
    PersonKey key{no, {}};
    if (!row.array(0, owner) || !row.array(2, key.key))
      return fail(Errc::corrupt, "keys.db: a key has the wrong length");
    remember(owner, static_cast<std::uint32_t>(row.number(1)), key);
    return std::optional(key);
  });
}

Result<std::map<std::uint32_t, PersonKeyNo>> SqliteKeyRing::keys_of(std::string_view owner) {
  const std::lock_guard lock(mutex_);
  if (!session_) return fail(*refusal_);
  const OwnerHash hash = hash_of(owner);
  return guarded(*session_->db, "look for an owner's keys", [&] {
    std::map<std::uint32_t, PersonKeyNo> out;
    Use row(*session_->db, session_->of_owner, hash);
    while (row.step()) {
      out[static_cast<std::uint32_t>(row.number(0))] = PersonKeyNo(static_cast<std::uint64_t>(row.number(1)));
    }
    for (const Pending& p : pending_) {
      if (p.owner == hash) out[p.months] = p.key.no;
    }
    return out;
  });
}

// -- Destroying them --------------------------------------------------------

Status SqliteKeyRing::destroy(PersonKeyNo no, std::string_view reason, TimeMs when) {
  auto key = find(no);
  if (!key) return fail(key.error());
  const std::lock_guard lock(mutex_);
  if (refusal_) return fail(*refusal_);
  const std::string why(reason);
  const Status done = session_->transact("destroy a key", [&] {
    Use(*session_->db, session_->remove, no).run();
    Use(*session_->db, session_->bury, no, when, why).run();
    if (*key) Use(*session_->db, session_->wiping).run();
  });
  if (!done) return fail(failed(done.error()));
  forget(no);
  if (tombstones_) IRO_TRY(tombstones_->append({{no, when}}), "destroy a key");
  if (!*key) return finish_wiping();  // once more: the first attempt may have ended before this
  Status clean = leave_no_trace(**key);
  if (clean) clean = end_wiping();
  sodium_memzero((*key)->key.data(), (*key)->key.size());
  return clean;
}

/// A destruction that ended half-way has left the key's bytes somewhere, and nobody knows them any more: the file is
/// written anew, so that no page keeps an old copy.
Status SqliteKeyRing::finish_wiping() {
  const auto half_way = guarded(*session_->db, "look for a key half destroyed",
                                [&] { return Use(*session_->db, session_->is_wiping).step(); });
  if (!half_way) return fail(half_way.error());
  if (!*half_way) return {};
  IRO_TRY(guarded(*session_->db, "rewrite keys.db", [&] { session_->db->exec("VACUUM"); }), "destroy a key");
  IRO_TRY(truncate_wal(*session_->db), "destroy a key");
  return end_wiping();
}

Status SqliteKeyRing::end_wiping() {
  const Status done = session_->transact("end a destruction", [&] { Use(*session_->db, session_->wiped).run(); });
  if (!done) return fail(failed(done.error()));
  return {};
}

/// secure_delete overwrites the row, but a page that was rebuilt before may hold an older copy between its cells.
Status SqliteKeyRing::leave_no_trace(const PersonKey& key) {
  IRO_TRY(truncate_wal(*session_->db), "destroy a key");
  auto stands = stands_in_file(*session_->db, key.key);
  if (!stands) return fail(stands.error());
  if (!*stands) return {};
  IRO_TRY(guarded(*session_->db, "rewrite keys.db", [&] { session_->db->exec("VACUUM"); }), "destroy a key");
  IRO_TRY(truncate_wal(*session_->db), "destroy a key");
  stands = stands_in_file(*session_->db, key.key);
  if (!stands) return fail(stands.error());
  if (*stands) return fail(Errc::internal, "a destroyed key still stands in keys.db");
  return {};
}

Result<bool> SqliteKeyRing::destroyed(PersonKeyNo no) {
  const std::lock_guard lock(mutex_);
  if (!session_) return fail(*refusal_);
  return guarded(*session_->db, "look for a tombstone",
                 [&] { return Use(*session_->db, session_->buried, no).step(); });
}

// -- After a failure --------------------------------------------------------

Error SqliteKeyRing::failed(Error error) {
  if (error.code == Errc::storage_failed || error.code == Errc::corrupt) refusal_ = error;
  return error;
}

Status SqliteKeyRing::resume() {
  const std::lock_guard lock(mutex_);
  if (!refusal_) return {};
  if (refusal_->code == Errc::corrupt) return fail(*refusal_);
  session_.reset();
  forget_all();
  Status started = start();
  if (started) started = drop_pending_on_disk();
  if (!started) {
    refusal_ = started.error().within("resume keys");
    return fail(*refusal_);
  }
  refusal_.reset();
  return {};
}

/// A flush that failed may have reached the disk all the same.
Status SqliteKeyRing::drop_pending_on_disk() {
  return guarded(*session_->db, "compare new keys", [&]() -> Status {
    for (const Pending& p : pending_) {
      Use row(*session_->db, session_->by_no, p.key.no);
      if (!row.step()) return {};  // all of a flush is there, or nothing
      std::array<std::uint8_t, 32> stored{};
      if (!row.array(2, stored) || stored != p.key.key)
        return fail(Errc::corrupt, "keys.db: a key is not what was written");
    }
    pending_.clear();
    return {};
  });
}

// -- The cache --------------------------------------------------------------

std::string SqliteKeyRing::cache_key(const OwnerHash& owner, std::uint32_t months) {
  std::string out(as_text(owner));
  out.append(reinterpret_cast<const char*>(&months), sizeof months);
  return out;
}

const SqliteKeyRing::Pending* SqliteKeyRing::pending(PersonKeyNo no) const {
  const auto at = std::ranges::find(pending_, no, [](const Pending& p) { return p.key.no; });
  return at == pending_.end() ? nullptr : &*at;
}

void SqliteKeyRing::remember(const OwnerHash& owner, std::uint32_t months, const PersonKey& key) {
  if (by_no_.size() >= options_.cache_keys) forget_all();
  by_owner_[cache_key(owner, months)] = key;
  by_no_[key.no] = key;
}

void SqliteKeyRing::forget(PersonKeyNo no) {
  const auto wipe = [&](PersonKey& key) {
    if (key.no == no) sodium_memzero(key.key.data(), key.key.size());
  };
  for (auto& [number, key] : by_no_) wipe(key);
  for (auto& [owner, key] : by_owner_) wipe(key);
  for (Pending& p : pending_) wipe(p.key);
  std::erase_if(by_no_, [&](const auto& row) { return row.first == no; });
  std::erase_if(by_owner_, [&](const auto& row) { return row.second.no == no; });
  std::erase_if(pending_, [&](const Pending& p) { return p.key.no == no; });
}

void SqliteKeyRing::forget_all() {
  for (auto& [no, key] : by_no_) sodium_memzero(key.key.data(), key.key.size());
  for (auto& [owner, key] : by_owner_) sodium_memzero(key.key.data(), key.key.size());
  by_no_.clear();
  by_owner_.clear();
}

}  // namespace iro::log

#include "hub/log/sqlite/sqlite_log.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/base/crypto.hpp"
#include "hub/log/sqlite/backup.hpp"
#include "hub/log/sqlite/chunk_rows.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/tables.hpp"
#include "hub/log/sqlite/transaction.hpp"

namespace iro::log {
namespace {

constexpr std::size_t tail_bytes = 8U << 20;  // verified at each start
constexpr int bodies_a_slice = 64;            // rows deleted at once; each may be megabytes

}  // namespace

/// One opening of the file: ends when the file must be seen afresh.
struct SqliteLog::Session {
  std::unique_ptr<SQLite::Database> db;
  RowWriter rows;
  Statement state_at{"SELECT key, person_key, value FROM plugin_state WHERE plugin=? AND key=?"};
  Statement state_from{"SELECT key, person_key, value FROM plugin_state WHERE plugin=? AND key>=? ORDER BY key"};
  Transactions transactions;
  int wal_pages = 0;
  int checkpoint_at = 0;  // WAL pages

  explicit Session(std::unique_ptr<SQLite::Database> opened) : db(std::move(opened)), rows(*db) {
    const auto count = [](void* session, sqlite3*, const char*, int pages) {
      static_cast<Session*>(session)->wal_pages = pages;
      return SQLITE_OK;
    };
    sqlite3_wal_hook(db->getHandle(), count, this);
  }

  template <typename Work>
  Status transact(const std::string& what, Work&& work) {
    return transactions.run(*db, what, work);
  }
};

SqliteLog::SqliteLog(std::filesystem::path folder, const Clock& clock, SqliteLogOptions options)
    : folder_(std::move(folder)), clock_(clock), options_(std::move(options)) {}

Result<std::unique_ptr<SqliteLog>> SqliteLog::open(const std::filesystem::path& folder, const Clock& clock,
                                                   const SqliteLogOptions& options) {
  auto lock = FileLock::take(folder / "lock", 0640);
  if (!lock) return fail(lock.error().within("open log"));
  std::unique_ptr<SqliteLog> log(new SqliteLog(folder, clock, options));
  log->lock_ = std::make_unique<FileLock>(std::move(*lock));
  if (const Status started = log->start(); !started) {
    log->refusal_ = started.error();  // so that closing writes nothing either
    return fail(started.error().within("open log"));
  }
  return log;
}

SqliteLog::~SqliteLog() {
  // A healthy log is left with all in one file; a file in doubt is left as it is.
  if (session_ && !refusal_) (void)log::truncate_wal(*session_->db);
  end_session();
}

void SqliteLog::end_session() {
  if (backup_ != nullptr) backup_->abandon();
  session_.reset();
}

SQLite::Database* SqliteLog::connection() const { return session_ ? session_->db.get() : nullptr; }

// -- Start ------------------------------------------------------------------

Status SqliteLog::start() {
  if (options_.witness && !std::filesystem::exists(folder_ / "log.db")) {
    return fail(Errc::log_behind_witness, fmt::format("{} is gone; it held {} events", (folder_ / "log.db").string(),
                                                      options_.witness->position.value()));
  }
  ConnectionOptions options;
  options.access = Access::create_or_write;
  options.vfs = options_.vfs;
  options.synchronous = options_.synchronous;
  auto db = open_connection(folder_ / "log.db", options);
  if (!db) return fail(db.error());
  session_ = std::make_unique<Session>(std::move(*db));
  session_->checkpoint_at = static_cast<int>(options_.checkpoint_bytes / limits::page_bytes);
  IRO_TRY(guarded(*session_->db, "read the log's description", [&] { return read_description(); }), "start");
  IRO_TRY(guarded(*session_->db, "read the newest chunks", [&] { return verify_tail(); }), "start");
  IRO_TRY(guarded(*session_->db, "compare the log with its witness", [&] { return compare_witness(); }), "start");
  return sync_files(*session_->db);
}

Status SqliteLog::read_description() {
  SQLite::Database& db = *session_->db;
  Meta meta = read_meta(db);
  if (meta.format == 0) {
    if (db.execAndGet("SELECT count(*) FROM sqlite_master").getInt() != 0) {
      return fail(Errc::corrupt, "log.db is some other database");
    }
    random_bytes(meta.log_id);
    meta.format = log_format;
    meta.log_epoch = LogEpoch(1);
    meta.created = clock_.now();
    create_log(db, meta);
  }
  if (meta.format > log_format) return fail(Errc::format_newer, fmt::format("log.db has format {}", meta.format));
  if (meta.format < 1) return fail(Errc::corrupt, "table meta holds a value that it cannot have");
  log_id_ = meta.log_id;
  log_epoch_ = meta.log_epoch;
  state_commits_ = meta.state_commits;
  const auto month = db.execAndGet("SELECT ifnull(max(month), 0) FROM retention").getInt();
  if (month > 0) expired_ = static_cast<std::uint16_t>(month);
  return {};
}

/// From the newest chunk backwards: heads, shapes, commitments, and that they follow each other.
Status SqliteLog::verify_tail() {
  ChunkRows rows(*session_->db);
  const auto last = rows.last();
  next_seq_ = last ? last->next_seq : Seq(1);
  head_ = last ? last->head : first_head(log_id_);
  last_recorded_ = last ? last->recorded : TimeMs(0);

  Seq behind = next_seq_;
  Hash head = head_;
  for (std::size_t bytes = 0; bytes < tail_bytes;) {
    auto bare = rows.before(behind);
    if (!bare) return fail(bare.error());
    if (!*bare) break;
    auto view = rows.with_bodies(**bare);
    if (!view) return fail(view.error());
    const Chunk& chunk = view->chunk();
    if (chunk.last_seq().next() != behind || chunk.head != head) {
      return fail(Errc::corrupt, fmt::format("the chunk before position {} is not its predecessor", behind.value()));
    }
    for (std::uint32_t i = 0; i < view->count(); ++i) {
      if (!view->commitment_holds(i)) {
        return fail(Errc::corrupt,
                    fmt::format("position {}: the body is not what was committed", view->seq(i).value()));
      }
    }
    bytes += chunk.size_bytes();
    behind = chunk.first_seq;
    head = chunk.prev_head;
  }
  if (behind == Seq(1) && head != first_head(log_id_)) return fail(Errc::corrupt, "the first chunk is not this log's");
  return {};
}

/// A log that was cut short or replaced by an older copy is sound in itself. The witness knows more.
Status SqliteLog::compare_witness() {
  if (!options_.witness) return {};
  const Testimony& seen = *options_.witness;
  const auto differs = [&](const std::string& how) {
    return fail(Errc::log_behind_witness,
                fmt::format("{}: {}; the witness is of {}", folder_.string(), how, format_time(seen.at)));
  };
  if (seen.log_id != log_id_) return differs("this is another log than the one that the witness saw");
  if (seen.epoch > log_epoch_) {
    return differs(fmt::format("the log is in epoch {}, and was in {}", log_epoch_.value(), seen.epoch.value()));
  }
  if (seen.epoch < log_epoch_) return {};  // a restore ended before it wrote the new one; it had compared before
  if (seen.position >= next_seq_) {
    return differs(fmt::format("the log ends at position {}, {} events before what was acknowledged",
                               next_seq_.value() - 1, seen.position.value() + 1 - next_seq_.value()));
  }
  ChunkRows rows(*session_->db);
  auto head = rows.head_at(seen.position);
  if (!head) return fail(head.error());
  if (seen.position == Seq(0)) head = std::optional(first_head(log_id_));
  if (*head != seen.head) {
    return differs(fmt::format("position {} is not what was acknowledged", seen.position.value()));
  }
  if (seen.state_commits > state_commits_) return differs("the newest changes of state are missing");
  return {};
}

Testimony SqliteLog::testimony() const {
  return {log_id_, log_epoch_, Seq(next_seq_.value() - 1), head_, state_commits_, clock_.now()};
}

Result<Snapshot> SqliteLog::load() {
  if (!session_) return fail(*refusal_);
  auto state = guarded(*session_->db, "load the log's state", [&] { return read_state(*session_->db); });
  if (!state) return state;
  state->log_epoch = log_epoch_;
  state->next_seq = next_seq_;
  state->head = head_;
  state->last_recorded = last_recorded_;
  return state;
}

Result<std::vector<PluginStateRow>> SqliteLog::plugin_state(const std::string& plugin, ByteView key, bool prefix) {
  if (!session_) return fail(*refusal_);
  return guarded(*session_->db, "read a plugin's state", [&]() -> Result<std::vector<PluginStateRow>> {
    std::vector<PluginStateRow> out;
    Use row(*session_->db, prefix ? session_->state_from : session_->state_at, plugin, key);
    while (row.step()) {
      const ByteView found = row.bytes(0);
      if (prefix && (found.size() < key.size() || !std::equal(key.begin(), key.end(), found.begin()))) break;
      out.push_back(
          {plugin, to_bytes(found), PersonKeyNo(static_cast<std::uint64_t>(row.number(1))), to_bytes(row.bytes(2))});
    }
    return out;
  });
}

// -- Commit -----------------------------------------------------------------

Status SqliteLog::room() const {
  if (options_.reserve_bytes == 0) return {};
  struct statvfs fs {};
  if (::statvfs(folder_.c_str(), &fs) != 0) return {};  // it will fail where it matters
  const std::uint64_t free = std::uint64_t{fs.f_bavail} * fs.f_frsize;
  if (free >= options_.reserve_bytes) return {};
  return fail(Errc::disk_full, fmt::format("{}: {} MiB are free, {} MiB are kept in reserve", folder_.string(),
                                           free >> 20, options_.reserve_bytes >> 20));
}

Status SqliteLog::commit(const Commit& commit) {
  if (refusal_) return fail(refusal_->within("writing stays refused"));
  IRO_TRY(room(), "commit");  // 0.5 us, next to an fsync of 50 or more
  if (commit.chunk) {
    IRO_ASSERT(commit.chunk->first_seq == next_seq_ && commit.chunk->prev_head == head_,
               "a chunk follows the one before");
  }
  return write(commit);
}

Status SqliteLog::write(const Commit& commit) {
  // What moves no head is counted, so that a witness can tell whether it is still there.
  const std::uint64_t state_commits = state_commits_ + (commit.chunk ? 0 : 1);
  const Status done = session_->transact("commit", [&] {
    session_->rows.write(commit);
    if (!commit.chunk) session_->rows.write_meta("state_commits", std::to_string(state_commits));
  });
  if (!done) {
    in_doubt_ = commit.chunk;
    return fail(failed(done.error()));
  }
  state_commits_ = state_commits;
  if (commit.chunk) {
    head_ = commit.chunk->head;
    next_seq_ = commit.chunk->last_seq().next();
    last_recorded_ = commit.chunk->recorded;
  }
  if (commit.retention) expired_ = commit.retention->month;
  checkpoint_if_due();
  return {};
}

/// Decides what an error means for the commits to come.
Error SqliteLog::failed(Error error) {
  if (error.code == Errc::storage_failed || error.code == Errc::corrupt) refusal_ = error;
  return error;
}

/// What this commit wrote is durable already: a checkpoint that fails is the next commit's business.
void SqliteLog::checkpoint_if_due() {
  Session& s = *session_;
  const int step = static_cast<int>(options_.checkpoint_bytes / limits::page_bytes);
  if (s.wal_pages < s.checkpoint_at) {
    if (s.wal_pages < step) s.checkpoint_at = step;  // the WAL began anew
    return;
  }
  const bool too_long = wal_bytes() > limits::wal_bytes;  // a reader has held it back
  sqlite3_busy_timeout(s.db->getHandle(), 0);             // nor wait for one now
  int rc = sqlite3_wal_checkpoint_v2(
      s.db->getHandle(), nullptr, too_long ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  sqlite3_busy_timeout(s.db->getHandle(), ConnectionOptions{}.busy_ms);
  s.checkpoint_at = s.wal_pages + step;
  if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) return;
  Error error = error_of(SQLite::Exception(s.db->getHandle(), rc), s.db->getHandle(), "checkpoint");
  // A full disk is noticed by the commits themselves: the WAL holds what the checkpoint could not place.
  if (error.code != Errc::disk_full) (void)failed(std::move(error));
}

std::size_t SqliteLog::wal_bytes() const {
  return session_ ? static_cast<std::size_t>(session_->wal_pages) * (limits::page_bytes + 24) : 0;
}

// -- After a failure --------------------------------------------------------

Status SqliteLog::probe() {
  if (refusal_) return fail(refusal_->within("writing stays refused"));
  IRO_TRY(room(), "probe");
  const Status done = session_->transact(
      "probe", [&] { session_->rows.write_meta("probed_ms", std::to_string(clock_.now().value())); });
  if (!done) return fail(failed(done.error()));
  return {};
}

Status SqliteLog::resume() {
  if (!refusal_) return {};
  if (refusal_->code == Errc::corrupt) return fail(*refusal_);
  const Seq acknowledged_next = next_seq_;
  const Hash acknowledged_head = head_;
  end_session();
  Status started = start();
  const bool as_before = next_seq_ == acknowledged_next && head_ == acknowledged_head;
  const bool with_the_failed = in_doubt_ && next_seq_ == in_doubt_->last_seq().next() && head_ == in_doubt_->head;
  if (started && !as_before && !with_the_failed) {
    started = fail(Errc::corrupt, fmt::format("the log does not hold position {} any more, which was acknowledged",
                                              acknowledged_next.value() - 1));
  }
  if (!started) {
    next_seq_ = acknowledged_next;  // what the next attempt must find
    head_ = acknowledged_head;
    refusal_ = started.error().within("resume");
    return fail(*refusal_);
  }
  refusal_.reset();
  in_doubt_.reset();
  return {};
}

// -- Housekeeping -----------------------------------------------------------

Result<bool> SqliteLog::tend() {
  if (refusal_) return fail(*refusal_);
  bool more = false;
  if (expired_) {
    const Status done = session_->transact("delete bodies whose month is over", [&] {
      more = session_->rows.delete_bodies(*expired_, bodies_a_slice) == bodies_a_slice;
    });
    if (!done) return fail(failed(done.error()));
    if (!more) expired_.reset();
  }
  checkpoint_if_due();
  if (refusal_) return fail(*refusal_);
  return more;
}

Status SqliteLog::truncate_wal() {
  if (refusal_) return fail(*refusal_);
  const Status done = log::truncate_wal(*session_->db);
  if (done) session_->wal_pages = 0;
  return done;
}

Result<LogEpoch> SqliteLog::raise_epoch(LogEpoch above, const std::string& lost) {
  if (refusal_) return fail(*refusal_);
  const LogEpoch next = std::max(log_epoch_, above).next();
  const Status done = session_->transact("raise the log's epoch", [&] {
    session_->rows.write_meta("log_epoch", std::to_string(next.value()));
    session_->rows.epoch({next, next_seq_, clock_.now(), lost});
  });
  if (!done) return fail(failed(done.error()));
  log_epoch_ = next;
  return next;
}

}  // namespace iro::log

#include "hub/log/sqlite/sqlite_reader.hpp"

#include <fmt/format.h>

#include "hub/log/sqlite/chunk_rows.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/tables.hpp"

namespace iro::log {

struct SqliteReader::Session {
  std::unique_ptr<SQLite::Database> db;
  ChunkRows rows;
  Statement begin{"BEGIN"};
  Statement end{"COMMIT"};
  explicit Session(std::unique_ptr<SQLite::Database> opened) : db(std::move(opened)), rows(*db) {}

  /// `work` sees one state of the log, whatever is committed meanwhile.
  template <typename Work>
  auto at_one_moment(Work&& work) {
    struct Ender {
      Session& session;
      ~Ender() { session.end.in(*session.db).tryExecuteStep(), session.end.in(*session.db).tryReset(); }
    };
    Use(*db, begin).run();
    const Ender ender{*this};
    return work();
  }
};

SqliteReader::SqliteReader(std::unique_ptr<Session> session) : session_(std::move(session)) {}
SqliteReader::~SqliteReader() = default;

Result<std::unique_ptr<SqliteReader>> SqliteReader::open(const std::filesystem::path& folder, const std::string& vfs) {
  ConnectionOptions options;
  options.vfs = vfs;
  auto db = open_connection(folder / "log.db", options);
  if (!db) return fail(db.error().within("open the log for reading"));
  auto session = std::make_unique<Session>(std::move(*db));
  const auto format =
      guarded(*session->db, "read the log's description", [&] { return read_meta(*session->db).format; });
  if (!format) return fail(format.error());
  if (*format > log_format) return fail(Errc::format_newer, fmt::format("log.db has format {}", *format));
  if (*format < 1) return fail(Errc::not_found, folder.string() + ": log.db holds no log");
  // Prepared now: what ends a transaction must not itself be able to fail later.
  const Status ready = guarded(*session->db, "prepare", [&] { session->end.in(*session->db); });
  if (!ready) return fail(ready.error());
  return std::unique_ptr<SqliteReader>(new SqliteReader(std::move(session)));
}

Result<std::vector<std::shared_ptr<const Chunk>>> SqliteReader::read(Seq from, std::size_t max_bytes,
                                                                     std::optional<MemberNo> member) {
  return guarded(*session_->db, "read the log",
                 [&] { return session_->at_one_moment([&] { return read_slice(from, max_bytes, member); }); });
}

Result<std::vector<std::shared_ptr<const Chunk>>> SqliteReader::read_slice(Seq from, std::size_t max_bytes,
                                                                           std::optional<MemberNo> member) {
  std::vector<std::shared_ptr<const Chunk>> out;
  const auto holder = session_->rows.moment(from);
  Seq next = !holder ? Seq(1) : from < holder->next_seq ? holder->first_seq : holder->next_seq;
  for (std::size_t bytes = 0; out.empty() || bytes < max_bytes;) {
    auto view = session_->rows.at_or_after(next);
    if (!view) return fail(view.error());
    if (!*view) break;
    if ((*view)->chunk().first_seq != next || (!out.empty() && (*view)->chunk().prev_head != out.back()->head)) {
      return fail(Errc::corrupt,
                  fmt::format("there is no chunk at position {} that follows the one before", next.value()));
    }
    if (!member || (*view)->concerns(*member)) {
      auto full = session_->rows.with_bodies(**view);
      if (!full) return fail(full.error());
      **view = std::move(*full);
    }
    out.push_back((*view)->shared());
    bytes += out.back()->size_bytes();
    next = out.back()->last_seq().next();
  }
  return out;
}

Result<SqliteReader::Expired> SqliteReader::expired(std::uint16_t month) {
  return guarded(*session_->db, "count what retention ends", [&] {
    Statement select("SELECT count(*), ifnull(sum(length(bytes)), 0) FROM body WHERE id < ?");
    Use row(*session_->db, select, body_id(month + 1U, Seq(0)));
    if (!row.step()) return Expired{};
    return Expired{static_cast<std::uint64_t>(row.number(0)), static_cast<std::uint64_t>(row.number(1))};
  });
}

Result<Seq> SqliteReader::position_at(TimeMs time) {
  return guarded(*session_->db, "look for a time in the log",
                 [&] { return session_->at_one_moment([&] { return find_moment(time); }); });
}

Result<std::optional<Hash>> SqliteReader::head_at(Seq at) {
  return guarded(*session_->db, "look for a head in the log",
                 [&] { return session_->at_one_moment([&] { return session_->rows.head_at(at); }); });
}

Result<Testimony> SqliteReader::testimony() {
  return guarded(*session_->db, "describe the log", [&] {
    return session_->at_one_moment([&] {
      const Meta meta = read_meta(*session_->db);
      const auto last = session_->rows.last();
      Testimony out{meta.log_id, meta.log_epoch, Seq(0), first_head(meta.log_id), meta.state_commits, meta.created};
      if (!last) return out;
      out.position = Seq(last->next_seq.value() - 1);
      out.head = last->head;
      out.at = last->recorded;
      return out;
    });
  });
}

Result<PluginRecord> SqliteReader::plugin_record(const std::string& plugin) {
  return guarded(*session_->db, "read what the log holds about a plugin", [&] {
    return session_->at_one_moment([&]() -> Result<PluginRecord> {
      auto snapshot = read_state(*session_->db);
      if (!snapshot) return fail(snapshot.error());
      if (const auto last = session_->rows.last()) {
        snapshot->next_seq = last->next_seq;
        snapshot->head = last->head;
        snapshot->last_recorded = last->recorded;
      }
      std::vector<PluginStateRow> state;
      Statement select("SELECT key, person_key, value FROM plugin_state WHERE plugin=? ORDER BY key");
      Use row(*session_->db, select, plugin);
      while (row.step()) {
        state.push_back({plugin, to_bytes(row.bytes(0)), PersonKeyNo(static_cast<std::uint64_t>(row.number(1))),
                         to_bytes(row.bytes(2))});
      }
      return plugin_record_of(std::move(*snapshot), std::move(state), plugin);
    });
  });
}

Result<std::uint64_t> SqliteReader::plugin_state_bytes(const std::string& plugin) {
  return guarded(*session_->db, "measure what a plugin keeps", [&]() -> Result<std::uint64_t> {
    Statement select("SELECT COALESCE(SUM(LENGTH(key) + LENGTH(value)), 0) FROM plugin_state WHERE plugin=?");
    Use row(*session_->db, select, plugin);
    if (!row.step()) return std::uint64_t{0};
    return static_cast<std::uint64_t>(row.number(0));
  });
}

/// Recorded times never go back, so halving finds the place: some 25 reads at ten million events.
Seq SqliteReader::find_moment(TimeMs time) {
  const auto last = session_->rows.last();
  if (!last) return Seq(1);
  if (last->recorded < time) return last->next_seq;
  std::uint64_t low = 1;                         // first position that may be the answer
  std::uint64_t high = last->first_seq.value();  // a chunk's start that is late enough
  while (low < high) {
    const auto middle = session_->rows.moment(Seq(low + (high - low) / 2));
    if (!middle) break;
    if (middle->recorded < time) {
      low = middle->next_seq.value();
    } else {
      high = middle->first_seq.value();
    }
  }
  return Seq(high);
}

}  // namespace iro::log

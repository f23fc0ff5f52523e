#include "hub/log/sqlite/tables.hpp"

#include <algorithm>
#include <charconv>

namespace iro::log {

const char* const log_tables = R"(
CREATE TABLE chunk(first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, recorded_ms INTEGER NOT NULL,
                   prev_head BLOB NOT NULL, head BLOB NOT NULL, dir BLOB NOT NULL) STRICT;
CREATE TABLE body(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE atom(no INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE audience_set(no INTEGER PRIMARY KEY, members BLOB NOT NULL) STRICT;
CREATE TABLE schema(no INTEGER PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL, bfbs BLOB NOT NULL) STRICT;
CREATE TABLE producer(id BLOB PRIMARY KEY, member INTEGER NOT NULL, last_seq INTEGER NOT NULL, last_hash BLOB NOT NULL,
                      last_used_ms INTEGER NOT NULL, receipts BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE member(no INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, doc TEXT NOT NULL) STRICT;
CREATE TABLE consumer(no INTEGER PRIMARY KEY, member INTEGER NOT NULL, name TEXT NOT NULL, filter TEXT NOT NULL,
                      cursor INTEGER NOT NULL, changed_ms INTEGER NOT NULL, start INTEGER NOT NULL, UNIQUE(member, name)) STRICT;
CREATE TABLE deviation(consumer INTEGER NOT NULL, seq INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL,
                       due_ms INTEGER NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL,
                       PRIMARY KEY(consumer, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE foreign_id(hash BLOB PRIMARY KEY, recorded_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE audit(no INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, actor INTEGER NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE retention(month INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE plugin_state(plugin TEXT NOT NULL, key BLOB NOT NULL, person_key INTEGER NOT NULL, value BLOB NOT NULL,
                          PRIMARY KEY(plugin, key)) STRICT, WITHOUT ROWID;
CREATE TABLE plugin_cursor(plugin TEXT PRIMARY KEY, seq INTEGER NOT NULL, suspended TEXT NOT NULL, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE plugin_parked(plugin TEXT NOT NULL, seq INTEGER NOT NULL, state INTEGER NOT NULL, at_ms INTEGER NOT NULL,
                           subject TEXT NOT NULL, why TEXT NOT NULL, PRIMARY KEY(plugin, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE timer(plugin TEXT NOT NULL, key BLOB NOT NULL, due_ms INTEGER NOT NULL, person_key INTEGER NOT NULL,
                   PRIMARY KEY(plugin, key)) STRICT, WITHOUT ROWID;
CREATE TABLE gate(key BLOB PRIMARY KEY, open INTEGER NOT NULL, until_ms INTEGER NOT NULL, person_key INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE held(seq INTEGER PRIMARY KEY, key BLOB NOT NULL, state INTEGER NOT NULL, released_seq INTEGER NOT NULL,
                  expiry_month INTEGER NOT NULL, person_key INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
                  sender INTEGER NOT NULL, by_rule INTEGER NOT NULL) STRICT;
CREATE TABLE backfill(no INTEGER PRIMARY KEY, member INTEGER NOT NULL, types TEXT NOT NULL, since_ms INTEGER NOT NULL,
                      next_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL) STRICT;
CREATE TABLE tombstone(person_key INTEGER PRIMARY KEY, erasure INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE epoch(no INTEGER PRIMARY KEY, from_seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, lost TEXT NOT NULL) STRICT;
)";

namespace {

std::int64_t to_number(const std::string& text) {
  std::int64_t out = -1;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

Bytes encode_receipts(const std::vector<ProducerRow::Kept>& receipts) {
  ByteWriter out;
  out.reserve(receipts.size() * 16);
  for (const auto& kept : receipts) {
    out.u64(kept.upto.value());
    out.u64(kept.position.value());
  }
  return out.take();
}

std::vector<ProducerRow::Kept> decode_receipts(ByteView bytes) {
  ByteReader in(bytes);
  std::vector<ProducerRow::Kept> out;
  while (in.left() >= 16) {
    const ProducerSeq upto(in.u64());
    out.push_back({upto, Seq(in.u64())});
  }
  return out;
}

}  // namespace

Meta read_meta(SQLite::Database& db) {
  Meta meta;
  if (!db.tableExists("meta")) return meta;
  Statement select("SELECT value FROM meta WHERE key=?");
  const auto text = [&](const std::string& key) {
    Use row(db, select, key);
    return row.step() ? row.text(0) : std::string();
  };
  meta.format = static_cast<int>(to_number(text("format")));
  meta.log_epoch = LogEpoch(static_cast<std::uint32_t>(to_number(text("log_epoch"))));
  meta.created = TimeMs(to_number(text("created_ms")));
  meta.state_commits = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_number(text("state_commits"))));
  const std::string id = text("log_id");
  if (id.size() == meta.log_id.size()) std::copy(id.begin(), id.end(), meta.log_id.begin());
  return meta;
}

void create_log(SQLite::Database& db, const Meta& meta) {
  RowWriter rows(db);
  SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
  db.exec(log_tables);
  rows.write_meta("format", std::to_string(log_format));
  rows.write_meta("log_id", std::string(as_text(meta.log_id)));
  rows.write_meta("log_epoch", std::to_string(meta.log_epoch.value()));
  rows.write_meta("created_ms", std::to_string(meta.created.value()));
  transaction.commit();
}

void RowWriter::write_meta(const std::string& key, const std::string& value) {
  Use(db_, meta_, key, as_bytes(value)).run();
}

void RowWriter::epoch(const EpochRow& row) { Use(db_, epoch_, row.no, row.from, row.at, row.lost).run(); }

void RowWriter::write(const Commit& commit) {
  if (commit.chunk) chunk(*commit.chunk);
  for (const Definition& row : commit.definitions) definition(row);
  remove(commit);
  put(commit);
  put_plugins(commit);
  put_gates(commit);
  put_tombstones(commit);
  put_backfills(commit);
  if (commit.retention) Use(db_, retention_, commit.retention->month, commit.retention->at).run();
}

void RowWriter::chunk(const Chunk& c) {
  Use(db_, chunk_, c.first_seq, c.count, c.recorded, c.prev_head, c.head, c.dir).run();
  for (const auto& [month, bytes] : c.bodies) Use(db_, body_, body_id(month, c.first_seq), bytes).run();
}

void RowWriter::definition(const Definition& d) {
  if (d.kind == DefinitionKind::atom) {
    const std::string text(as_text(d.bytes));
    Use(db_, atom_, d.number, text).run();
  }
  if (d.kind == DefinitionKind::set) Use(db_, set_, d.number, d.bytes).run();
}

void RowWriter::remove(const Commit& commit) {
  for (const ConsumerNo no : commit.consumers_removed) {
    Use(db_, consumer_remove_, no).run();
    Use(db_, deviations_remove_, no).run();
  }
  for (const auto& [consumer, seq] : commit.deviations_removed) Use(db_, deviation_remove_, consumer, seq).run();
  if (commit.forget_foreign_before) Use(db_, foreign_forget_, *commit.forget_foreign_before).run();
}

void RowWriter::put(const Commit& commit) {
  for (const SchemaRow& r : commit.schemas) Use(db_, schema_, r.no, r.hash, r.name, r.bfbs).run();
  for (const ProducerRow& r : commit.producers) {
    const Bytes receipts = encode_receipts(r.receipts);
    Use(db_, producer_, r.id.b, r.member, r.last_seq, r.last_hash, r.last_used, receipts).run();
  }
  for (const MemberRow& r : commit.members) Use(db_, member_, r.no, r.slug, r.doc).run();
  for (const ConsumerRow& r : commit.consumers) {
    Use(db_, consumer_, r.no, r.member, r.name, r.filter, r.cursor, r.changed, r.start).run();
  }
  for (const DeviationRow& r : commit.deviations) {
    const auto state = static_cast<std::uint32_t>(r.state);
    Use(db_, deviation_, r.consumer, r.seq, state, r.attempts, r.due, r.subject, r.reason).run();
  }
  for (const ForeignRow& r : commit.foreign_ids) Use(db_, foreign_, r.hash, r.recorded).run();
  for (const AuditRow& r : commit.audit) Use(db_, audit_, r.at, r.actor, r.action, r.detail).run();
}

void RowWriter::put_plugins(const Commit& commit) {
  for (const PluginStateRow& r : commit.plugin_state) {
    if (r.value) {
      Use(db_, state_, r.plugin, r.key, r.person_key, *r.value).run();
    } else {
      Use(db_, state_remove_, r.plugin, r.key).run();
    }
  }
  for (const PluginCursorRow& r : commit.plugin_cursors)
    Use(db_, plugin_cursor_, r.plugin, r.seq, r.suspended, r.since).run();
  for (const auto& [plugin, seq] : commit.plugin_parked_removed) Use(db_, plugin_parked_remove_, plugin, seq).run();
  for (const PluginParkedRow& r : commit.plugin_parked) {
    const auto state = static_cast<std::uint32_t>(r.state);
    Use(db_, plugin_parked_, r.plugin, r.seq, state, r.at, r.subject, r.why).run();
  }
  for (const TimerRow& r : commit.timers) {
    if (r.due) {
      Use(db_, timer_, r.plugin, r.key, *r.due, r.person_key).run();
    } else {
      Use(db_, timer_remove_, r.plugin, r.key).run();
    }
  }
}

void RowWriter::put_gates(const Commit& commit) {
  for (const auto& key : commit.gates_removed) Use(db_, gate_remove_, key).run();
  for (const GateRow& r : commit.gates) {
    const std::uint32_t open = r.open ? 1 : 0;
    Use(db_, gate_, r.key, open, r.until, r.person).run();
  }
  for (const Seq seq : commit.held_removed) Use(db_, held_remove_, seq).run();
  for (const HeldRow& r : commit.held) {
    const auto state = static_cast<std::uint32_t>(r.state);
    const std::uint32_t month = r.expiry_month;
    const std::uint32_t by_rule = r.by_rule ? 1 : 0;
    Use(db_, held_, r.seq, r.key, state, r.released, month, r.person, r.expires, r.sender, by_rule).run();
  }
}

void RowWriter::put_tombstones(const Commit& commit) {
  for (const TombstoneRow& r : commit.tombstones) {
    Use(db_, tombstone_, r.key, r.erasure, r.at).run();
    Use(db_, state_erase_, r.key).run();
    Use(db_, timer_erase_, r.key).run();
  }
}

void RowWriter::put_backfills(const Commit& commit) {
  for (const BackfillRow& r : commit.backfills)
    Use(db_, backfill_, r.no, r.member, r.types, r.since, r.next, r.last).run();
  for (const std::uint32_t no : commit.backfills_done) Use(db_, backfill_remove_, no).run();
}

int RowWriter::delete_bodies(std::uint16_t month, int most) {
  Use(db_, bodies_delete_, body_id(month + 1U, Seq(0)), std::int64_t{most}).run();
  return db_.getChanges();
}

namespace {

/// Reads the state tables one after another; the first value that cannot be makes the whole corrupt.
class StateReader {
 public:
  explicit StateReader(SQLite::Database& db) : db_(db) {}

  Result<Snapshot> read() {
    read_interned();
    read_members();
    read_delivery();
    read_plugins();
    read_gates();
    read_erasures();
    if (!wrong_.empty()) return fail(Errc::corrupt, "table " + wrong_ + " holds a value that it cannot have");
    return std::move(out_);
  }

 private:
  template <typename Row>
  void each(const char* table, const char* sql, Row&& row) {
    Statement statement(sql);
    Use use(db_, statement);
    while (use.step()) {
      if (!row(use)) wrong_ = table;
    }
  }
  template <typename Id>
  static Id no(const Use& r, int column) {
    return Id(static_cast<typename Id::rep>(r.number(column)));
  }

  void read_interned() {
    each("atom", "SELECT no, text FROM atom ORDER BY no", [&](const Use& r) {
      out_.atoms.push_back(r.text(1));
      return static_cast<std::size_t>(r.number(0)) == out_.atoms.size();
    });
    each("audience_set", "SELECT no, members FROM audience_set ORDER BY no", [&](const Use& r) {
      auto members = decode_set(r.bytes(1));
      out_.sets.push_back(members.value_or(std::vector<MemberNo>{}));
      return members && static_cast<std::size_t>(r.number(0)) == out_.sets.size();
    });
    each("schema", "SELECT no, hash, name FROM schema ORDER BY no", [&](const Use& r) {
      SchemaRow& row = out_.schemas.emplace_back();
      row.no = static_cast<std::uint32_t>(r.number(0));
      row.name = r.text(2);
      return r.array(1, row.hash);
    });
  }

  void read_members() {
    each("producer", "SELECT id, member, last_seq, last_hash, last_used_ms, receipts FROM producer ORDER BY id",
         [&](const Use& r) {
           ProducerRow& row = out_.producers.emplace_back();
           row.member = no<MemberNo>(r, 1);
           row.last_seq = no<ProducerSeq>(r, 2);
           row.last_used = no<TimeMs>(r, 4);
           row.receipts = decode_receipts(r.bytes(5));
           return r.array(0, row.id.b) && r.array(3, row.last_hash) && r.bytes(5).size() % 16 == 0;
         });
    each("member", "SELECT no, slug, doc FROM member ORDER BY no", [&](const Use& r) {
      out_.members.push_back({no<MemberNo>(r, 0), r.text(1), r.text(2)});
      return true;
    });
    each("foreign_id", "SELECT hash, recorded_ms FROM foreign_id ORDER BY hash", [&](const Use& r) {
      ForeignRow& row = out_.foreign_ids.emplace_back();
      row.recorded = no<TimeMs>(r, 1);
      return r.array(0, row.hash);
    });
  }

  void read_delivery() {
    each("consumer", "SELECT no, member, name, filter, cursor, changed_ms, start FROM consumer ORDER BY no",
         [&](const Use& r) {
           out_.consumers.push_back({no<ConsumerNo>(r, 0), no<MemberNo>(r, 1), r.text(2), r.text(3), no<Seq>(r, 4),
                                     no<TimeMs>(r, 5), no<Seq>(r, 6)});
           return true;
         });
    each("deviation",
         "SELECT consumer, seq, state, attempts, due_ms, subject, reason FROM deviation ORDER BY consumer, seq",
         [&](const Use& r) {
           out_.deviations.push_back({no<ConsumerNo>(r, 0), no<Seq>(r, 1), static_cast<DeviationState>(r.number(2)),
                                      static_cast<std::uint32_t>(r.number(3)), no<TimeMs>(r, 4), r.text(5), r.text(6)});
           return r.number(2) >= 1 && r.number(2) <= 3;
         });
  }

  void read_plugins() {
    each("plugin_cursor", "SELECT plugin, seq, suspended, since FROM plugin_cursor ORDER BY plugin", [&](const Use& r) {
      out_.plugin_cursors.push_back({r.text(0), no<Seq>(r, 1), r.text(2), no<Seq>(r, 3)});
      return true;
    });
    each("plugin_parked", "SELECT plugin, seq, state, at_ms, subject, why FROM plugin_parked ORDER BY plugin, seq",
         [&](const Use& r) {
           out_.plugin_parked.push_back({r.text(0), no<Seq>(r, 1), static_cast<PluginParkedState>(r.number(2)),
                                         no<TimeMs>(r, 3), r.text(4), r.text(5)});
           return r.number(2) >= 1 && r.number(2) <= 3;
         });
    each("timer", "SELECT plugin, key, due_ms, person_key FROM timer ORDER BY plugin, key", [&](const Use& r) {
      out_.timers.push_back({r.text(0), to_bytes(r.bytes(1)), no<TimeMs>(r, 2), no<PersonKeyNo>(r, 3)});
      return true;
    });
    each("epoch", "SELECT no, from_seq, at_ms, lost FROM epoch ORDER BY no", [&](const Use& r) {
      out_.epochs.push_back({no<LogEpoch>(r, 0), no<Seq>(r, 1), no<TimeMs>(r, 2), r.text(3)});
      return true;
    });
  }

  void read_gates() {
    each("gate", "SELECT key, open, until_ms, person_key FROM gate ORDER BY key", [&](const Use& r) {
      GateRow& row = out_.gates.emplace_back();
      row.open = r.number(1) == 1;
      row.until = no<TimeMs>(r, 2);
      row.person = no<PersonKeyNo>(r, 3);
      return r.array(0, row.key) && (r.number(1) == 0 || r.number(1) == 1);
    });
    each("held",
         "SELECT seq, key, state, released_seq, expiry_month, person_key, expires_ms, sender, by_rule FROM held ORDER "
         "BY seq",
         [&](const Use& r) {
           HeldRow& row = out_.held.emplace_back();
           row.seq = no<Seq>(r, 0);
           row.state = static_cast<HeldState>(r.number(2));
           row.released = no<Seq>(r, 3);
           row.expiry_month = static_cast<std::uint16_t>(r.number(4));
           row.person = no<PersonKeyNo>(r, 5);
           row.expires = no<TimeMs>(r, 6);
           row.sender = no<MemberNo>(r, 7);
           row.by_rule = r.number(8) == 1;
           return r.array(1, row.key) && r.number(2) >= 1 && r.number(2) <= 4 && r.number(4) <= kept_for_ever;
         });
  }

  void read_erasures() {
    each("tombstone", "SELECT person_key, erasure, at_ms FROM tombstone ORDER BY person_key", [&](const Use& r) {
      out_.tombstones.push_back({no<PersonKeyNo>(r, 0), static_cast<std::uint32_t>(r.number(1)), no<TimeMs>(r, 2)});
      return r.number(0) > 0;
    });
    each("backfill", "SELECT no, member, types, since_ms, next_seq, last_seq FROM backfill ORDER BY no",
         [&](const Use& r) {
           out_.backfills.push_back({static_cast<std::uint32_t>(r.number(0)), no<MemberNo>(r, 1), r.text(2),
                                     no<TimeMs>(r, 3), no<Seq>(r, 4), no<Seq>(r, 5)});
           return r.number(0) > 0;
         });
    each("retention", "SELECT ifnull(max(month), 0) FROM retention", [&](const Use& r) {
      out_.deleted_month = static_cast<std::uint16_t>(r.number(0));
      return r.number(0) >= 0 && r.number(0) < kept_for_ever;
    });
  }

  SQLite::Database& db_;
  Snapshot out_;
  std::string wrong_;
};

}  // namespace

Result<Snapshot> read_state(SQLite::Database& db) { return StateReader(db).read(); }

}  // namespace iro::log

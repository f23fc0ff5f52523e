// hub/log/sqlite/tables.hpp: the tables of log.db (docs/log-format.md; a test
// compares the two), and the rows of a Commit and a Snapshot in them.
//
// All of it throws SQLite::Exception; callers are inside guarded(). One thread,
// that of the connection.
#pragma once

#include <array>

#include "hub/log/event_log.hpp"
#include "hub/log/sqlite/statement.hpp"

namespace iro::log {

inline constexpr int log_format = 1;

/// The statements that make an empty log.
extern const char* const log_tables;

/// What table meta says. format 0: there is no such table, the file is new.
struct Meta {
  int format = 0;
  std::array<std::uint8_t, 16> log_id{};
  LogEpoch log_epoch;
  TimeMs created;
  std::uint64_t state_commits = 0;
};
Meta read_meta(SQLite::Database& db);
void create_log(SQLite::Database& db, const Meta& meta);

/// Writes commits with statements that stay prepared. Has no transaction of its own.
class RowWriter {
 public:
  explicit RowWriter(SQLite::Database& db) : db_(db) {}
  void write(const Commit& commit);
  /// Up to `most` rows of bodies whose month is `month` or earlier; how many there were.
  int delete_bodies(std::uint16_t month, int most);
  void write_meta(const std::string& key, const std::string& value);
  void epoch(const EpochRow& row);

 private:
  void chunk(const Chunk& chunk);
  void definition(const Definition& definition);
  void remove(const Commit& commit);
  void put(const Commit& commit);
  void put_plugins(const Commit& commit);
  void put_gates(const Commit& commit);
  void put_tombstones(const Commit& commit);
  void put_backfills(const Commit& commit);

  SQLite::Database& db_;
  Statement chunk_{"INSERT INTO chunk VALUES(?,?,?,?,?,?)"};
  Statement body_{"INSERT INTO body VALUES(?,?)"};
  Statement atom_{"INSERT INTO atom VALUES(?,?)"};
  Statement set_{"INSERT INTO audience_set VALUES(?,?)"};
  Statement schema_{"INSERT OR REPLACE INTO schema VALUES(?,?,?,?)"};
  Statement producer_{"INSERT OR REPLACE INTO producer VALUES(?,?,?,?,?,?)"};
  // Not "OR REPLACE" where a second rule (UNIQUE) would silently throw out somebody else's row.
  Statement member_{"INSERT INTO member VALUES(?1,?2,?3) ON CONFLICT(no) DO UPDATE SET slug=?2, doc=?3"};
  Statement consumer_{
      "INSERT INTO consumer VALUES(?1,?2,?3,?4,?5,?6,?7) "
      "ON CONFLICT(no) DO UPDATE SET member=?2, name=?3, filter=?4, cursor=?5, changed_ms=?6, start=?7"};
  Statement consumer_remove_{"DELETE FROM consumer WHERE no=?"};
  Statement deviation_{"INSERT OR REPLACE INTO deviation VALUES(?,?,?,?,?,?,?)"};
  Statement deviation_remove_{"DELETE FROM deviation WHERE consumer=? AND seq=?"};
  Statement deviations_remove_{"DELETE FROM deviation WHERE consumer=?"};
  Statement foreign_{"INSERT OR REPLACE INTO foreign_id VALUES(?,?)"};
  Statement foreign_forget_{"DELETE FROM foreign_id WHERE recorded_ms<?"};
  Statement audit_{"INSERT INTO audit(at_ms,actor,action,detail) VALUES(?,?,?,?)"};
  Statement state_{"INSERT OR REPLACE INTO plugin_state VALUES(?,?,?,?)"};
  Statement state_remove_{"DELETE FROM plugin_state WHERE plugin=? AND key=?"};
  Statement plugin_cursor_{"INSERT OR REPLACE INTO plugin_cursor VALUES(?,?,?,?)"};
  Statement plugin_parked_{"INSERT OR REPLACE INTO plugin_parked VALUES(?,?,?,?,?,?)"};
  Statement plugin_parked_remove_{"DELETE FROM plugin_parked WHERE plugin=? AND seq=?"};
  Statement timer_{"INSERT OR REPLACE INTO timer VALUES(?,?,?,?)"};
  Statement timer_remove_{"DELETE FROM timer WHERE plugin=? AND key=?"};
  Statement gate_{"INSERT OR REPLACE INTO gate VALUES(?,?,?,?)"};
  Statement gate_remove_{"DELETE FROM gate WHERE key=?"};
  Statement held_{"INSERT OR REPLACE INTO held VALUES(?,?,?,?,?,?,?,?,?)"};
  Statement held_remove_{"DELETE FROM held WHERE seq=?"};
  Statement backfill_{"INSERT OR REPLACE INTO backfill VALUES(?,?,?,?,?,?)"};
  Statement backfill_remove_{"DELETE FROM backfill WHERE no=?"};
  Statement tombstone_{"INSERT OR REPLACE INTO tombstone VALUES(?,?,?)"};
  Statement state_erase_{"DELETE FROM plugin_state WHERE person_key=?"};
  Statement timer_erase_{"DELETE FROM timer WHERE person_key=?"};
  Statement retention_{"INSERT OR REPLACE INTO retention VALUES(?,?)"};
  Statement bodies_delete_{"DELETE FROM body WHERE id IN (SELECT id FROM body WHERE id < ? ORDER BY id LIMIT ?)"};
  Statement epoch_{"INSERT INTO epoch VALUES(?,?,?,?)"};
  Statement meta_{"INSERT OR REPLACE INTO meta VALUES(?,?)"};
};

/// The state tables. Chunks give the rest: next_seq, head and last_recorded are left as they are.
/// Fails with corrupt when a value has a shape that it cannot have.
Result<Snapshot> read_state(SQLite::Database& db);

/// Where body rows of `month` begin in table body.
inline std::int64_t body_id(std::uint32_t month, Seq first) {
  return static_cast<std::int64_t>(std::uint64_t{month} << 44 | first.value());
}

}  // namespace iro::log

#include "adapters/client/outbox_file.hpp"

#include <algorithm>

#include "hub/base/limits.hpp"

namespace iro::client {
namespace {

constexpr const char* tables = R"sql(
CREATE TABLE IF NOT EXISTS event(seq INTEGER PRIMARY KEY, id BLOB NOT NULL, size INTEGER NOT NULL, frame BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS refused(no INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL,
                                   type TEXT NOT NULL, code INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS mark(hour INTEGER PRIMARY KEY, up_to INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS note(space TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
                                PRIMARY KEY(space, key)) STRICT, WITHOUT ROWID;
)sql";

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t hours_per_day = 24;

Bytes bytes_of(std::uint64_t number) {
  ByteWriter w;
  w.u64(number);
  return w.take();
}

std::uint64_t number_of(ByteView bytes) { return ByteReader(bytes).u64(); }

Bytes bytes_of(const wire::Receipt& receipt) {
  ByteWriter w;
  w.u32(receipt.log_epoch.value());
  w.bytes(receipt.token.view());
  w.bytes(receipt.head);
  w.bytes(receipt.mac);
  return w.take();
}

std::optional<wire::Receipt> receipt_of(ByteView bytes) {
  ByteReader r(bytes);
  wire::Receipt receipt;
  receipt.log_epoch = LogEpoch(r.u32());
  std::ranges::copy(r.bytes(receipt.token.b.size()), receipt.token.b.begin());
  std::ranges::copy(r.bytes(receipt.head.size()), receipt.head.begin());
  std::ranges::copy(r.bytes(receipt.mac.size()), receipt.mac.begin());
  if (!r.ok()) return std::nullopt;
  return receipt;
}

}  // namespace

Result<std::unique_ptr<OutboxFile>> OutboxFile::open(const std::filesystem::path& folder) {
  auto db = open_writer(folder / "outbox.db");
  if (!db) return fail(db.error());
  return guarded("outbox.db", [&]() -> Result<std::unique_ptr<OutboxFile>> {
    SQLite::Transaction transaction(**db, SQLite::TransactionBehavior::IMMEDIATE);
    IRO_TRY(check_format(**db, "meta", outbox_format), "outbox.db");
    (*db)->exec(tables);
    auto file = std::make_unique<OutboxFile>(std::move(*db));
    State state = file->load_state();
    if (state.producer.is_zero()) state.producer = make_producer_id();
    ++state.start_number;
    file->store_state(state);
    transaction.commit();
    return file;
  });
}

OutboxFile::OutboxFile(std::unique_ptr<SQLite::Database> db)
    : db_(std::move(db)),
      insert_(*db_, "INSERT INTO event(seq, id, size, frame) VALUES(?, ?, ?, ?)"),
      get_meta_(*db_, "SELECT value FROM meta WHERE key=?"),
      put_meta_(*db_, "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)") {}

Bytes OutboxFile::meta(std::string_view key) {
  Use get(get_meta_);
  bind_text(*get, 1, key);
  return get->executeStep() ? to_bytes(blob(get->getColumn(0))) : Bytes();
}

void OutboxFile::put_meta(std::string_view key, ByteView value) {
  Use put(put_meta_);
  bind_text(*put, 1, key);
  bind_blob(*put, 2, value);
  put->exec();
}

OutboxFile::State OutboxFile::load_state() {
  State state;
  if (const Bytes id = meta("producer"); id.size() == state.producer.b.size()) {
    std::ranges::copy(id, state.producer.b.begin());
  }
  if (const Bytes n = meta("start_number"); !n.empty()) state.start_number = number_of(n);
  if (const Bytes n = meta("acked"); !n.empty()) state.acked = ProducerSeq(number_of(n));
  state.receipt = receipt_of(meta("receipt"));
  return state;
}

void OutboxFile::store_state(const State& state) {
  put_meta("producer", state.producer.view());
  put_meta("start_number", bytes_of(state.start_number));
  put_meta("acked", bytes_of(state.acked.value()));
  if (state.receipt) put_meta("receipt", bytes_of(*state.receipt));
}

OutboxFile::Span OutboxFile::span(ProducerSeq acked) {
  SQLite::Statement find(*db_, "SELECT min(seq), max(seq) FROM event");
  find.executeStep();
  if (find.getColumn(0).isNull()) return {acked.next(), acked};
  return {ProducerSeq(from_sql(find.getColumn(0))), std::max(acked, ProducerSeq(from_sql(find.getColumn(1))))};
}

void OutboxFile::insert(ProducerSeq sequence, const EventId& id, std::size_t wire_size, ByteView frame) {
  Use put(insert_);
  put->bind(1, to_sql(sequence.value()));
  bind_blob(*put, 2, id.view());
  put->bind(3, to_sql(wire_size));
  bind_blob(*put, 4, frame);
  put->exec();
}

void OutboxFile::add_refused(const RefusedRow& row, TimeMs now) {
  SQLite::Statement put(*db_, "INSERT INTO refused(at_ms, seq, id, type, code, reason) VALUES(?, ?, ?, ?, ?, ?)");
  put.bind(1, now.value());
  put.bind(2, to_sql(row.sequence.value()));
  bind_blob(put, 3, row.event.id.view());
  put.bind(4, row.event.type);
  put.bind(5, static_cast<int>(row.event.code));
  put.bind(6, row.event.reason);
  put.exec();
  SQLite::Statement drop(*db_, "DELETE FROM refused WHERE no <= (SELECT max(no) FROM refused) - ?");
  drop.bind(1, refused_kept);
  drop.exec();
}

void OutboxFile::mark_and_prune(ProducerSeq acked, TimeMs now, std::int64_t keep_days) {
  const std::int64_t hour = now.value() / hour_ms;
  SQLite::Statement put(*db_, "INSERT OR REPLACE INTO mark(hour, up_to) VALUES(?, ?)");
  put.bind(1, hour);
  put.bind(2, to_sql(acked.value()));
  put.exec();
  SQLite::Statement old(*db_, "SELECT hour, up_to FROM mark WHERE hour < ? ORDER BY hour DESC LIMIT 1");
  old.bind(1, hour - keep_days * hours_per_day);
  if (!old.executeStep()) return;
  const std::uint64_t up_to = from_sql(old.getColumn(1));
  SQLite::Statement prune(*db_,
                          "DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE seq <= ? AND seq < ? LIMIT ?)");
  prune.bind(1, to_sql(up_to));
  prune.bind(2, to_sql(acked.value()));
  prune.bind(3, prune_slice_rows);
  prune.exec();
  SQLite::Statement forget(*db_, "DELETE FROM mark WHERE hour < ?");
  forget.bind(1, old.getColumn(0).getInt64());
  forget.exec();
}

void OutboxFile::renumber(ProducerSeq behind) {
  SQLite::Statement drop(*db_, "DELETE FROM event WHERE seq <= ?");
  drop.bind(1, to_sql(behind.value()));
  drop.exec();
  // Downwards by what was just made free, in ascending order: no number is taken twice on the way.
  SQLite::Statement shift(*db_, "UPDATE event SET seq = seq - ?");
  shift.bind(1, to_sql(behind.value()));
  shift.exec();
  db_->exec("DELETE FROM mark");
}

void OutboxFile::put_note(std::string_view space, std::string_view key, std::string_view value) {
  SQLite::Statement put(*db_, "INSERT OR REPLACE INTO note(space, key, value) VALUES(?, ?, ?)");
  bind_text(put, 1, space);
  bind_text(put, 2, key);
  bind_blob(put, 3, as_bytes(value));
  put.exec();
}

void OutboxFile::erase_note(std::string_view space, std::string_view key) {
  SQLite::Statement drop(*db_, "DELETE FROM note WHERE space=? AND key=?");
  bind_text(drop, 1, space);
  bind_text(drop, 2, key);
  drop.exec();
}

std::optional<std::string> OutboxFile::note(std::string_view space, std::string_view key) {
  SQLite::Statement get(*db_, "SELECT value FROM note WHERE space=? AND key=?");
  bind_text(get, 1, space);
  bind_text(get, 2, key);
  if (!get.executeStep()) return std::nullopt;
  return std::string(as_text(blob(get.getColumn(0))));
}

Result<std::unique_ptr<OutboxReader>> OutboxReader::open(const std::filesystem::path& folder) {
  auto db = open_reader(folder / "outbox.db");
  if (!db) return fail(db.error());
  return guarded("outbox.db", [&]() -> Result<std::unique_ptr<OutboxReader>> {
    return std::make_unique<OutboxReader>(std::move(*db));
  });
}

OutboxReader::OutboxReader(std::unique_ptr<SQLite::Database> db)
    : db_(std::move(db)),
      read_(*db_, "SELECT seq, size, frame FROM event WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?") {}

std::vector<StoredEvent> OutboxReader::read(ProducerSeq from, ProducerSeq to, std::size_t events, std::size_t bytes) {
  std::vector<StoredEvent> found;
  Use get(read_);
  get->bind(1, to_sql(from.value()));
  get->bind(2, to_sql(to.value()));
  get->bind(3, to_sql(events));
  std::size_t total = 0;
  while (get->executeStep()) {
    total += static_cast<std::size_t>(get->getColumn(1).getInt64());
    if (total > bytes && !found.empty()) break;
    found.push_back({ProducerSeq(from_sql(get->getColumn(0))), to_bytes(blob(get->getColumn(2)))});
  }
  return found;
}

}  // namespace iro::client

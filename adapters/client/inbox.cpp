#include "adapters/client/inbox.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace iro::client {
namespace {

constexpr const char* tables = R"sql(
CREATE TABLE IF NOT EXISTS iro_consumer(no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, handled INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS iro_seen(consumer INTEGER NOT NULL, slot INTEGER NOT NULL, id BLOB NOT NULL,
                                    PRIMARY KEY(consumer, slot)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS iro_seen_id ON iro_seen(consumer, id);
)sql";

}  // namespace

Result<std::unique_ptr<Inbox>> Inbox::open(const std::filesystem::path& folder, std::uint64_t kept_ids) {
  const bool durable = !folder.empty();
  auto db = durable ? open_writer(folder / "inbox.db") : open_in_memory();
  if (!db) return fail(db.error());
  return guarded("inbox.db", [&]() -> Result<std::unique_ptr<Inbox>> {
    SQLite::Transaction transaction(**db, SQLite::TransactionBehavior::IMMEDIATE);
    IRO_TRY(check_format(**db, "iro_meta", inbox_format), "inbox.db");
    (*db)->exec(tables);
    transaction.commit();
    const int handling = durable ? ::open((folder / "handling").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    auto inbox = std::make_unique<Inbox>(std::move(*db), kept_ids, durable, handling);
    inbox->read_interrupted();
    return inbox;
  });
}

Inbox::Inbox(std::unique_ptr<SQLite::Database> db, std::uint64_t kept_ids, bool durable, int handling_fd)
    : db_(std::move(db)),
      kept_ids_(kept_ids),
      durable_(durable),
      handling_fd_(handling_fd),
      begin_(*db_, "BEGIN IMMEDIATE"),
      commit_(*db_, "COMMIT"),
      roll_back_(*db_, "ROLLBACK"),
      savepoint_(*db_, "SAVEPOINT iro_event"),
      release_(*db_, "RELEASE iro_event"),
      undo_(*db_, "ROLLBACK TO iro_event"),
      find_(*db_, "SELECT 1 FROM iro_seen WHERE consumer=? AND id=?"),
      put_(*db_, "INSERT OR REPLACE INTO iro_seen(consumer, slot, id) VALUES(?, ?, ?)"),
      count_(*db_, "UPDATE iro_consumer SET handled=? WHERE no=?") {}

Inbox::~Inbox() {
  if (handling_fd_ >= 0) ::close(handling_fd_);
}

void Inbox::begin(std::span<const schema::EventView> events) {
  note_handling(events);
  Use(begin_)->exec();
}

void Inbox::commit() {
  for (auto& [name, row] : consumers_) {
    if (!row.changed) continue;
    Use count(count_);
    count->bind(1, to_sql(row.handled));
    count->bind(2, row.number);
    count->exec();
  }
  Use(commit_)->exec();
  for (auto& [name, row] : consumers_) row.changed = false;
  note_handling({});
}

void Inbox::roll_back() noexcept {
  consumers_.clear();  // read again from the file
  try {
    Use(roll_back_)->exec();
  } catch (const SQLite::Exception&) {
    // SQLite has rolled back by itself, as it does after some errors.
  }
}

void Inbox::set_savepoint() { Use(savepoint_)->exec(); }
void Inbox::keep_savepoint() { Use(release_)->exec(); }
void Inbox::undo_savepoint() {
  Use(undo_)->exec();
  Use(release_)->exec();
}

Inbox::Row& Inbox::row_of(std::string_view consumer) {
  const auto known = consumers_.find(consumer);
  if (known != consumers_.end()) return known->second;
  SQLite::Statement add(*db_, "INSERT OR IGNORE INTO iro_consumer(name, handled) VALUES(?, 0)");
  bind_text(add, 1, consumer);
  add.exec();
  SQLite::Statement get(*db_, "SELECT no, handled FROM iro_consumer WHERE name=?");
  bind_text(get, 1, consumer);
  get.executeStep();
  const Row row{get.getColumn(0).getInt64(), from_sql(get.getColumn(1)), false};
  return consumers_.emplace(consumer, row).first->second;
}

bool Inbox::seen(std::string_view consumer, const EventId& id) {
  const std::int64_t number = row_of(consumer).number;
  Use find(find_);
  find->bind(1, number);
  bind_blob(*find, 2, id.view());
  return find->executeStep();
}

void Inbox::remember(std::string_view consumer, const EventId& id) {
  Row& row = row_of(consumer);
  Use put(put_);
  put->bind(1, row.number);
  put->bind(2, to_sql(row.handled % kept_ids_));  // a ring: the oldest makes room
  bind_blob(*put, 3, id.view());
  put->exec();
  ++row.handled;
  row.changed = true;
}

void Inbox::note_handling(std::span<const schema::EventView> events) {
  if (handling_fd_ < 0) return;
  ByteWriter w;
  w.u32(static_cast<std::uint32_t>(events.size()));
  for (const schema::EventView& event : events) w.bytes(event.id.view());
  [[maybe_unused]] const auto written = ::pwrite(handling_fd_, w.view().data(), w.size(), 0);  // a hint, no promise
}

void Inbox::read_interrupted() {
  if (handling_fd_ < 0) return;
  constexpr std::size_t most = 4 + 65'536 * 16;
  Bytes bytes(most);
  const auto got = ::pread(handling_fd_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return;
  ByteReader r(ByteView(bytes).first(static_cast<std::size_t>(got)));
  for (std::uint32_t left = r.u32(); left > 0 && r.ok(); --left) {
    EventId id;
    const ByteView raw = r.bytes(id.b.size());
    if (raw.size() == id.b.size()) std::ranges::copy(raw, id.b.begin());
    interrupted_.insert(id);
  }
}

}  // namespace iro::client

// adapters/client/inbox.hpp: inbox.db, which remembers what has been handled.
//
// A handler's writes and the id of the event it handled are committed together,
// before the hub is told. So an event that comes again is known, and what was done
// for it is done once. Handlers keep their own tables in the same file; ours begin
// with `iro_`.
//
// How far back it knows: the last 1,000,000 ids of each consumer. The hub repeats
// what it has not recorded as acknowledged (at most 1,024 events and a second's
// worth of cursor), or, after a restore, what came since the backup. Who replays
// more than that on purpose (Subscription::from) gets the older part again.
//
// Worker thread only. Functions that touch the database throw SQLite::Exception
// unless they return a Status; delivery_runner.cpp is their one caller.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>

#include "adapters/client/database.hpp"
#include "hub/schema/event.hpp"

namespace iro::client {

inline constexpr int inbox_format = 1;
inline constexpr std::uint64_t ids_per_consumer = 1'000'000;

class Inbox {
 public:
  /// Opens inbox.db in `folder`; with no folder one in memory, which remembers nothing.
  static Result<std::unique_ptr<Inbox>> open(const std::filesystem::path& folder,
                                             std::uint64_t kept_ids = ids_per_consumer);
  /// For open(). `handling_fd` is owned; -1 when there is no folder.
  Inbox(std::unique_ptr<SQLite::Database> db, std::uint64_t kept_ids, bool durable, int handling_fd);
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  [[nodiscard]] SQLite::Database& db() { return *db_; }
  [[nodiscard]] bool durable() const { return durable_; }

  // One transaction a frame, one savepoint an event.
  void begin(std::span<const schema::EventView> events);
  void commit();
  void roll_back() noexcept;
  void set_savepoint();
  void keep_savepoint();
  /// Undo what the handler wrote. Throws when the handler has ended our transaction itself.
  void undo_savepoint();

  bool seen(std::string_view consumer, const EventId& id);
  void remember(std::string_view consumer, const EventId& id);
  /// Whether a handler had begun with this event when the process ended.
  [[nodiscard]] bool interrupted(const EventId& id) const { return interrupted_.contains(id); }

 private:
  struct Row {
    std::int64_t number = 0;
    std::uint64_t handled = 0;
    bool changed = false;
  };
  Row& row_of(std::string_view consumer);
  void note_handling(std::span<const schema::EventView> events);
  void read_interrupted();

  std::unique_ptr<SQLite::Database> db_;
  const std::uint64_t kept_ids_;
  const bool durable_;
  // The ids of the frame in hand, written without fsync: they survive a crash of ours, which is all they are for.
  int handling_fd_;
  std::unordered_set<EventId> interrupted_;
  std::map<std::string, Row, std::less<>> consumers_;
  SQLite::Statement begin_, commit_, roll_back_, savepoint_, release_, undo_, find_, put_, count_;
};

}  // namespace iro::client

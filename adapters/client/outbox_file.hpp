// adapters/client/outbox_file.hpp: outbox.db, in SQL. What stands in which table,
// and nothing about threads or the hub: outbox.hpp has both.
//
//   meta     format, producer (16 bytes), start_number, acked, receipt
//   event    seq, id, size on the wire, frame: a PUB of this event alone. A number is given to
//            one event; there are no gaps. Rows up to `acked` are decided by the hub.
//   refused  what the hub refused for good, newest 100,000
//   mark     hour -> the number acknowledged by then: tells which rows are old enough to go
//   note     what an adapter keeps beside its events (space, key, value)
//
// Functions throw SQLite::Exception; the caller holds a transaction for those that write.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/client/client.hpp"
#include "adapters/client/database.hpp"
#include "adapters/client/publish_source.hpp"

namespace iro::client {

inline constexpr int outbox_format = 1;
inline constexpr int refused_kept = 100'000;    // enough to find out what went wrong; bounded all the same
inline constexpr int prune_slice_rows = 4'096;  // more than a window, so that pruning keeps up with publishing

struct RefusedRow {
  ProducerSeq sequence;
  RefusedEvent event;
};

class OutboxFile {
 public:
  struct State {
    ProducerId producer;
    std::uint64_t start_number = 0;
    ProducerSeq acked;
    std::optional<wire::Receipt> receipt;
    bool operator==(const State&) const = default;
  };
  /// Opens outbox.db in `folder`, making it with a new producer id if it is not there.
  static Result<std::unique_ptr<OutboxFile>> open(const std::filesystem::path& folder);
  explicit OutboxFile(std::unique_ptr<SQLite::Database> db);

  [[nodiscard]] SQLite::Database& db() { return *db_; }
  /// The lowest and the highest number kept; {acked + 1, acked} when there is none.
  struct Span {
    ProducerSeq oldest;
    ProducerSeq last;
  };
  State load_state();
  Span span(ProducerSeq acked);
  void store_state(const State& state);
  void insert(ProducerSeq sequence, const EventId& id, std::size_t wire_size, ByteView frame);
  void add_refused(const RefusedRow& row, TimeMs now);
  /// Note how far the hub was at `now`, and remove a slice of what was acknowledged
  /// more than `keep_days` before it, but never the last one acknowledged.
  void mark_and_prune(ProducerSeq acked, TimeMs now, std::int64_t keep_days);
  /// Remove everything up to `behind` and number the rest from 1.
  void renumber(ProducerSeq behind);

  void put_note(std::string_view space, std::string_view key, std::string_view value);
  void erase_note(std::string_view space, std::string_view key);
  std::optional<std::string> note(std::string_view space, std::string_view key);

 private:
  Bytes meta(std::string_view key);
  void put_meta(std::string_view key, ByteView value);

  std::unique_ptr<SQLite::Database> db_;
  SQLite::Statement insert_;
  SQLite::Statement get_meta_;
  SQLite::Statement put_meta_;
};

/// The network thread's connection: reading does not wait for a publish() in another thread.
class OutboxReader {
 public:
  static Result<std::unique_ptr<OutboxReader>> open(const std::filesystem::path& folder);
  explicit OutboxReader(std::unique_ptr<SQLite::Database> db);
  std::vector<StoredEvent> read(ProducerSeq from, ProducerSeq to, std::size_t events, std::size_t bytes);

 private:
  std::unique_ptr<SQLite::Database> db_;
  SQLite::Statement read_;
};

}  // namespace iro::client

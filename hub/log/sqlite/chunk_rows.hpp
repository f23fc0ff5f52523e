// hub/log/sqlite/chunk_rows.hpp: chunks as they are read from the tables chunk
// and body, checked (head and shape) before anybody sees them.
//
// Shared by the log's start, its readers and the verifier. Throws
// SQLite::Exception; callers are inside guarded(). One thread, that of the
// connection. A caller that wants chunk and bodies to fit each other keeps a
// transaction open around the calls.
#pragma once

#include "hub/log/entry.hpp"
#include "hub/log/sqlite/statement.hpp"

namespace iro::log {

class ChunkRows {
 public:
  explicit ChunkRows(SQLite::Database& db) : db_(db) {}

  struct Last {
    Seq first_seq;
    Seq next_seq{1};
    TimeMs recorded;
    Hash head{};
  };
  /// The newest chunk; nothing when there is none.
  std::optional<Last> last();
  /// The next chunk that starts at `from` or later, without bodies. Nothing at the end.
  Result<std::optional<ChunkView>> at_or_after(Seq from);
  /// The chunk before the one that starts at `from`.
  Result<std::optional<ChunkView>> before(Seq from);
  /// The same chunk with the bodies that are still there. corrupt when one has the wrong length.
  Result<ChunkView> with_bodies(const ChunkView& view);

  /// The chunk that starts at `seq` or, without one, the last that starts before it: it holds `seq` or ends before.
  struct Moment {
    Seq first_seq;
    TimeMs recorded;
    Seq next_seq;
  };
  std::optional<Moment> moment(Seq seq);
  /// The head of the chunk that ends with `at`, checked against what it covers; nothing when none ends there.
  Result<std::optional<Hash>> head_at(Seq at);

 private:
  Result<std::optional<ChunkView>> read(Use& row);

  SQLite::Database& db_;
  Statement last_{"SELECT first_seq, count, recorded_ms, head FROM chunk ORDER BY first_seq DESC LIMIT 1"};
  Statement after_{
      "SELECT first_seq, count, recorded_ms, prev_head, head, dir FROM chunk WHERE first_seq>=? "
      "ORDER BY first_seq LIMIT 1"};
  Statement before_{
      "SELECT first_seq, count, recorded_ms, prev_head, head, dir FROM chunk WHERE first_seq<? "
      "ORDER BY first_seq DESC LIMIT 1"};
  Statement moment_{
      "SELECT first_seq, recorded_ms, count FROM chunk WHERE first_seq<=? ORDER BY first_seq DESC LIMIT 1"};
  Statement body_{"SELECT bytes FROM body WHERE id=?"};
};

}  // namespace iro::log

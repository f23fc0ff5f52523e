// hub/views/index.hpp: where events are, by id, subject, type and correlation.
//
// The index trails the log and is never part of a promise: whatever is not in
// it is found by reading the log from indexed_through() on, and when the file
// is missing, damaged or of another log it is made again. It answers with
// hints: each position is to be checked against its entry.
//
// Events collect in memory and go to disk `run_events` at a time, at the end of
// a chunk (index_file.hpp). So a restart indexes at most one run again, and
// index.db stays small: about 30 bytes an event.
//
// One thread, the one that answers queries.
//
// Invariants:
//  1. Runs and tail follow each other without a gap from position 1.
//  2. What is on disk describes the log that open() was given: the head of the
//     last run's last chunk is that log's. A head covers all that is before it,
//     so it stands for the log's identity too.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/log/event_log.hpp"
#include "hub/views/index_file.hpp"
#include "hub/views/index_run.hpp"

namespace iro::views {

struct IndexOptions {
  std::size_t run_events = 65'536;  // 2 MB of a run in memory, 0.1 s of reading after a restart
};

class Index {
 public:
  /// Open the index at `path` for the log that `reader` reads. One that is
  /// damaged, of another format, of another log, or ahead of the log (which was
  /// restored) is deleted and begun anew. Fails when the file cannot be made
  /// (disk_full, storage_failed, io), or with the reader's own failure.
  static Result<Index> open(std::filesystem::path path, log::LogReader& reader, const IndexOptions& options = {});

  /// The last position that find() knows of; 0 when there is none.
  [[nodiscard]] Seq indexed_through() const;
  /// The last position that a restart will still know of.
  [[nodiscard]] Seq stored_through() const;

  /// The chunk behind indexed_through() (asserted). Writes a run first when the
  /// tail is full; if that fails (disk_full, storage_failed) the chunk was not
  /// added: try again later.
  Status add(const log::ChunkView& chunk);

  [[nodiscard]] IndexKey by_id(const EventId& id) const { return Tail::by_id(file_->hash_key(), id); }
  [[nodiscard]] IndexKey by_subject(std::string_view s) const { return Tail::by_subject(file_->hash_key(), s); }
  [[nodiscard]] IndexKey by_type(AtomNo type) const { return Tail::by_type(type); }
  [[nodiscard]] IndexKey by_correlation(const EventId& id) const { return Tail::by_correlation(file_->hash_key(), id); }

  /// Positions within `stretch` whose events probably have `key`, ascending; none
  /// that has it is left out. Fails with corrupt: start_over() then.
  Result<std::vector<Seq>> find(IndexKey key, const Stretch& stretch);
  /// The run, or the tail, that `seq` is in: what one look-up covers. `seq` is indexed (asserted).
  [[nodiscard]] Stretch stretch_of(Seq seq) const;

  /// Forget everything, on disk too.
  Status start_over();

 private:
  Index(std::filesystem::path path, const IndexOptions& options) : path_(std::move(path)), options_(options) {}
  Status load();
  [[nodiscard]] Result<bool> describes(log::LogReader& reader) const;
  void find_in_tail(IndexKey key, std::vector<Seq>& out) const;

  std::filesystem::path path_;
  IndexOptions options_;
  std::unique_ptr<IndexFile> file_;
  std::vector<Run> runs_;
  std::unique_ptr<Tail> tail_;
};

}  // namespace iro::views

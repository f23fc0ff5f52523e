// hub/views/index_file.hpp: the index on disk: runs, each with its blocks of
// postings, in an SQLite file of its own.
//
//   meta   format, and the key of the hashes (made with the file)
//   run    first_seq, before_seq, head of its last chunk, and `lists`: per field
//          u64 first block, u32 blocks, and each block's first hash (u32)
//   block  up to 500 postings (u64, ascending), one page
//
// Nothing is ever changed: a run comes in one transaction, at the end of the
// file, whatever the ids look like. (One row per event and field, by random ids,
// costs four page writes an event once the file outgrows the cache.)
// synchronous=NORMAL: what a power loss takes is indexed again.
//
// One thread. Every function fails with corrupt when the file is damaged (its
// pages have checksums, as those of the log), else with disk_full or storage_failed.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/views/index_run.hpp"

namespace iro::views {

class IndexFile {
 public:
  /// Open the file at `path`, or make it.
  static Result<std::unique_ptr<IndexFile>> open(const std::filesystem::path& path);
  /// Delete the file and what SQLite keeps beside it.
  static Status remove(const std::filesystem::path& path);
  ~IndexFile();

  [[nodiscard]] const Tail::HashKey& hash_key() const;
  /// All runs in order, without a gap from position 1.
  Result<std::vector<Run>> runs();
  /// Make a run of the tail, on disk.
  Result<Run> write(const Tail& tail);
  /// The positions in `run` that have `key`, ascending, added to `out`.
  Status find(const Run& run, IndexKey key, std::vector<Seq>& out);

 private:
  struct Connection;
  explicit IndexFile(std::unique_ptr<Connection> connection);
  Status create_or_check();
  Run::List write_list(std::vector<Posting> postings);

  std::unique_ptr<Connection> connection_;
};

}  // namespace iro::views

// hub/log/sqlite/verifier.hpp: the verifier's work, in slices: all at once for
// `iro verify` (verify.hpp), a little at a time for the scrubber (scrubber.hpp).
//
// Reads in short transactions. Throws SQLite::Exception; callers are inside
// guarded(). One thread, that of the connection.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <functional>
#include <map>
#include <set>

#include "hub/log/sqlite/chunk_rows.hpp"
#include "hub/log/sqlite/verify.hpp"

namespace iro::log {

class Verifier {
 public:
  /// `keys_folder` has the keys.db whose tombstones explain what is missing.
  Verifier(SQLite::Database& db, std::filesystem::path keys_folder, std::string vfs)
      : db_(db), keys_folder_(std::move(keys_folder)), vfs_(std::move(vfs)), rows_(db) {}

  /// What the chain must come by. Before begin().
  void expect(const Testimony& witness) { witness_ = witness; }
  /// First. Fails with format_newer or not_found.
  Status begin();
  /// Some chunks, `bytes` or one, in one transaction; at the end the tables, in the same one. False at the end.
  bool chain_slice(std::size_t bytes);
  /// The next `count` pages of the file. False at the end.
  bool pages_slice(std::uint32_t count);
  void quick_check();
  void finding(Seq position, std::string where, std::string reason);

  [[nodiscard]] const VerifyReport& report() const { return report_; }
  /// Of chunks and pages, so far.
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] std::uint64_t pages_in_file() const { return pages_in_file_; }

 private:
  void read_explanations();
  void chunk(const ChunkRows::Moment& found);
  void definitions(const ChunkView& view);
  void definition(const ChunkView& view, const Definition& d);
  void events(const ChunkView& view);
  void audience(const ChunkView& view, std::uint32_t i, const Audience& a, std::set<std::uint32_t>& seen);
  void missing_bodies(const ChunkView& view);

  void tables();
  void compare_interned(const char* table, const char* sql, std::size_t defined,
                        const std::function<bool(const Use&, std::size_t no)>& same);
  void schemas();
  void tombstones();
  void positions();
  void compare_witness();

  SQLite::Database& db_;
  const std::filesystem::path keys_folder_;
  const std::string vfs_;
  ChunkRows rows_;
  VerifyReport report_;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t pages_in_file_ = 0;

  // What the chunks read so far lead to.
  Seq next_{1};
  Hash head_{};
  TimeMs recorded_;
  std::vector<std::string> atoms_;
  struct Set {
    std::vector<MemberNo> members;
    std::array<std::uint8_t, 8> hash{};
  };
  std::vector<Set> sets_;
  std::vector<Bytes> schemas_;
  std::size_t erasures_ = 0;
  std::map<std::uint64_t, std::uint32_t> buried_;  // person key -> the erasure that ended it
  std::uint16_t deleted_month_ = 0;
  std::set<std::uint64_t> erased_keys_;
  std::optional<Testimony> witness_;
  bool witnessed_ = false;         // the chain came by what the witness saw
  bool explained_lately_ = false;  // in this slice
};

}  // namespace iro::log

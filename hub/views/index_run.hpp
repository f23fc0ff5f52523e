// hub/views/index_run.hpp: what the index keeps of a stretch of the log: for
// each field the positions by hash, sorted, and cut into blocks.
//
// A posting is one number: the hash of a value in the upper half, and in the
// lower how far the event stands behind the first position of its run. Sorted
// as numbers, the postings of one value stand together and ascend. A hash is
// only a hint: whoever finds a posting looks at the entry itself.
//
// Values; any thread.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "hub/log/entry.hpp"

namespace iro::views {

/// What an event can be found by. Time is absent: recorded times ascend with
/// the positions, so the log finds them by bisection (LogReader::position_at).
enum class Field : std::uint8_t { id = 0, subject = 1, type = 2, correlation = 3 };  // on disk, in this order
inline constexpr std::size_t field_count = 4;

struct IndexKey {
  Field field = Field::id;
  std::uint32_t hash = 0;
};

/// Positions from `from` up to, and not with, `before`.
struct Stretch {
  Seq from{1};
  Seq before{1};
  [[nodiscard]] bool empty() const { return from >= before; }
  [[nodiscard]] std::uint64_t size() const { return empty() ? 0 : before.value() - from.value(); }
  [[nodiscard]] Seq last() const { return Seq(before.value() - 1); }  // 0 in front of position 1
  [[nodiscard]] bool contains(Seq seq) const { return from <= seq && seq < before; }
  [[nodiscard]] Stretch within(const Stretch& other) const {
    return {std::max(from, other.from), std::min(before, other.before)};
  }
};

using Posting = std::uint64_t;
constexpr Posting posting_of(std::uint32_t hash, std::uint32_t offset) { return Posting{hash} << 32 | offset; }
constexpr std::uint32_t hash_of(Posting p) { return static_cast<std::uint32_t>(p >> 32); }

/// Postings in a block: a page of the file holds it whole, so that a look-up reads one page.
inline constexpr std::size_t block_postings = 500;

/// A stretch that is on disk. Of each field's blocks only the first hashes are in memory.
struct Run {
  Stretch stretch;
  Hash head{};  // of the chunk that ends the run
  struct List {
    std::int64_t first_block = 0;
    std::vector<std::uint32_t> fences;  // the first hash of each block
  };
  std::array<List, field_count> lists;
};

/// Blocks of a list, by their place in it: from `first` up to `end`.
struct BlockRange {
  std::size_t first = 0;
  std::size_t end = 0;
};
/// The blocks that may hold `hash`. A value with many postings may begin in the
/// block before the first one that its own hash opens.
BlockRange blocks_for(std::span<const std::uint32_t> fences, std::uint32_t hash);

/// The newest stretch, still growing and only in memory.
class Tail {
 public:
  /// SipHash under a key that only this index knows: nobody can make values
  /// collide on purpose and so make a look-up slow.
  using HashKey = std::array<std::uint8_t, 16>;
  Tail(const HashKey& key, Seq first) : key_(key), stretch_{first, first} {}

  [[nodiscard]] static IndexKey by_id(const HashKey& key, const EventId& id);
  [[nodiscard]] static IndexKey by_subject(const HashKey& key, std::string_view subject);
  [[nodiscard]] static IndexKey by_type(AtomNo type) { return {Field::type, type.value()}; }
  [[nodiscard]] static IndexKey by_correlation(const HashKey& key, const EventId& id);

  /// The chunk that follows.
  void add(const log::ChunkView& chunk);
  [[nodiscard]] const Stretch& stretch() const { return stretch_; }
  [[nodiscard]] const Hash& head() const { return head_; }
  /// In the order in which they came.
  [[nodiscard]] const std::vector<Posting>& postings(Field field) const {
    return postings_[static_cast<std::size_t>(field)];
  }

 private:
  void add(IndexKey key, std::uint32_t offset) {
    postings_[static_cast<std::size_t>(key.field)].push_back(posting_of(key.hash, offset));
  }

  HashKey key_;
  Stretch stretch_;
  Hash head_{};
  std::array<std::vector<Posting>, field_count> postings_;
};

}  // namespace iro::views

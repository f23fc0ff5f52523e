// hub/views/chunk_source.hpp: the log's chunks as the views look at them, opened
// once and kept for a while.
//
// Most questions are about the newest events: their chunks come from the commit
// itself (put) and are not read from disk. Chunks that are read come without
// bodies, for looking takes only directories; whole() fetches the bodies of one.
//
// One thread. Fails as LogReader does, and with corrupt when a position that
// the log has is not in it.
#pragma once

#include <deque>
#include <map>
#include <memory>

#include "hub/log/event_log.hpp"
#include "hub/views/index_run.hpp"

namespace iro::views {

/// Nobody has this number (limits::members is far below), so a chunk read for it comes without bodies.
inline constexpr MemberNo nobody{0xFFFF'FFFF};

class ChunkSource {
 public:
  using View = std::shared_ptr<const log::ChunkView>;

  explicit ChunkSource(std::unique_ptr<log::LogReader> reader) : reader_(std::move(reader)) {}

  /// A chunk that was just committed.
  Status put(std::shared_ptr<const log::Chunk> chunk);
  /// The chunk that holds `seq`, perhaps without bodies.
  Result<View> holding(Seq seq);
  /// The same with all bodies that are still there.
  Result<View> whole(Seq seq);
  /// Read what is missing of `stretch`, many chunks at a time.
  Status load(const Stretch& stretch);

  /// Bytes of directories looked at so far: what a search has cost.
  [[nodiscard]] std::uint64_t looked_at_bytes() const { return looked_at_bytes_; }
  [[nodiscard]] log::LogReader& reader() { return *reader_; }

 private:
  [[nodiscard]] View kept(Seq seq) const;
  Result<View> keep(std::shared_ptr<const log::Chunk> chunk);
  Result<std::size_t> read(Seq from, std::size_t max_bytes);
  void looked_at(const View& view);

  std::unique_ptr<log::LogReader> reader_;
  std::map<Seq, View> kept_;  // by first position
  std::deque<Seq> order_;     // oldest first
  std::size_t kept_bytes_ = 0;
  std::uint64_t looked_at_bytes_ = 0;
  Seq last_looked_at_;  // the chunk's first position
};

}  // namespace iro::views

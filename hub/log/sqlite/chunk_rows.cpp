#include "hub/log/sqlite/chunk_rows.hpp"

#include "hub/log/sqlite/tables.hpp"

namespace iro::log {

std::optional<ChunkRows::Last> ChunkRows::last() {
  Use row(db_, last_);
  if (!row.step()) return std::nullopt;
  Last out;
  out.first_seq = Seq(static_cast<std::uint64_t>(row.number(0)));
  out.next_seq = out.first_seq.plus(static_cast<std::uint64_t>(row.number(1)));
  out.recorded = TimeMs(row.number(2));
  if (!row.array(3, out.head)) out.head = {};  // fits nothing: the chunk itself is checked before it is relied on
  return out;
}

std::optional<ChunkRows::Moment> ChunkRows::moment(Seq seq) {
  Use row(db_, moment_, seq);
  if (!row.step()) return std::nullopt;
  const Seq first(static_cast<std::uint64_t>(row.number(0)));
  return Moment{first, TimeMs(row.number(1)), first.plus(static_cast<std::uint64_t>(row.number(2)))};
}

Result<std::optional<Hash>> ChunkRows::head_at(Seq at) {
  auto view = before(at.next());
  if (!view) return fail(view.error());
  if (!*view || (*view)->chunk().last_seq() != at) return std::optional<Hash>();
  return std::optional((*view)->chunk().head);
}

Result<std::optional<ChunkView>> ChunkRows::read(Use& row) {
  if (!row.step()) return std::optional<ChunkView>();
  auto chunk = std::make_shared<Chunk>();
  chunk->first_seq = Seq(static_cast<std::uint64_t>(row.number(0)));
  const std::int64_t count = row.number(1);
  chunk->recorded = TimeMs(row.number(2));
  if (count < 1 || count > 0xFFFFFFFFLL || !row.array(3, chunk->prev_head) || !row.array(4, chunk->head)) {
    return fail(Errc::corrupt, "chunk at " + std::to_string(chunk->first_seq.value()) + ": a column cannot be read");
  }
  chunk->count = static_cast<std::uint32_t>(count);
  chunk->dir = to_bytes(row.bytes(5));
  auto view = ChunkView::open(std::move(chunk));
  if (!view) return fail(view.error());
  return std::optional<ChunkView>(std::move(*view));
}

Result<std::optional<ChunkView>> ChunkRows::at_or_after(Seq from) {
  Use row(db_, after_, from);
  return read(row);
}

Result<std::optional<ChunkView>> ChunkRows::before(Seq from) {
  Use row(db_, before_, from);
  return read(row);
}

Result<ChunkView> ChunkRows::with_bodies(const ChunkView& view) {
  std::map<std::uint16_t, Bytes> bodies;
  for (const auto& [month, size] : view.body_sizes()) {
    Use row(db_, body_, body_id(month, view.chunk().first_seq));
    if (row.step()) bodies[month] = to_bytes(row.bytes(0));
  }
  return view.with_bodies(std::move(bodies));
}

}  // namespace iro::log

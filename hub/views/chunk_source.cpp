#include "hub/views/chunk_source.hpp"

#include <fmt/format.h>

#include "hub/base/limits.hpp"

namespace iro::views {
namespace {

/// Holds the directories of a search's window (search.cpp) many times over.
constexpr std::size_t most_kept_bytes = 16U << 20;
static_assert(most_kept_bytes > 2 * limits::read_slice_bytes);

}  // namespace

ChunkSource::View ChunkSource::kept(Seq seq) const {
  auto at = kept_.upper_bound(seq);
  if (at == kept_.begin()) return nullptr;
  --at;
  return at->second->chunk().last_seq() >= seq ? at->second : nullptr;
}

Result<ChunkSource::View> ChunkSource::keep(std::shared_ptr<const log::Chunk> chunk) {
  auto opened = log::ChunkView::open(std::move(chunk));
  if (!opened) return fail(opened.error());
  auto view = std::make_shared<const log::ChunkView>(std::move(*opened));
  const Seq first = view->chunk().first_seq;
  if (!kept_.emplace(first, view).second) return view;
  order_.push_back(first);
  kept_bytes_ += view->chunk().size_bytes();
  while (kept_bytes_ > most_kept_bytes && order_.size() > 1) {
    const auto oldest = kept_.find(order_.front());
    kept_bytes_ -= oldest->second->chunk().size_bytes();
    kept_.erase(oldest);
    order_.pop_front();
  }
  return view;
}

void ChunkSource::looked_at(const View& view) {
  if (view->chunk().first_seq == last_looked_at_) return;
  last_looked_at_ = view->chunk().first_seq;
  looked_at_bytes_ += view->chunk().dir.size();
}

Status ChunkSource::put(std::shared_ptr<const log::Chunk> chunk) {
  const auto view = keep(std::move(chunk));
  if (!view) return fail(view.error());
  return {};
}

/// How many chunks came.
Result<std::size_t> ChunkSource::read(Seq from, std::size_t max_bytes) {
  auto chunks = reader_->read(from, max_bytes, nobody);
  if (!chunks) return fail(chunks.error());
  for (auto& chunk : *chunks) {
    if (kept_.contains(chunk->first_seq)) continue;
    if (const auto view = keep(std::move(chunk)); !view) return fail(view.error());
  }
  return chunks->size();
}

Result<ChunkSource::View> ChunkSource::holding(Seq seq) {
  View view = kept(seq);
  if (view == nullptr) {
    if (const auto came = read(seq, 1); !came) return fail(came.error());
    view = kept(seq);
  }
  if (view == nullptr) return fail(Errc::corrupt, fmt::format("position {} is not in the log", seq.value()));
  looked_at(view);
  return view;
}

Result<ChunkSource::View> ChunkSource::whole(Seq seq) {
  auto chunks = reader_->read(seq, 1, std::nullopt);
  if (!chunks) return fail(chunks.error());
  if (chunks->empty() || chunks->front()->first_seq > seq || chunks->front()->last_seq() < seq) {
    return fail(Errc::corrupt, fmt::format("position {} is not in the log", seq.value()));
  }
  auto view = log::ChunkView::open(std::move(chunks->front()));
  if (!view) return fail(view.error());
  return std::make_shared<const log::ChunkView>(std::move(*view));
}

Status ChunkSource::load(const Stretch& stretch) {
  for (Seq at = stretch.from; at < stretch.before;) {
    View view = kept(at);
    if (view == nullptr) {
      const auto came = read(at, limits::read_slice_bytes);
      if (!came) return fail(came.error());
      view = kept(at);
      if (view == nullptr) return fail(Errc::corrupt, fmt::format("position {} is not in the log", at.value()));
    }
    at = view->chunk().last_seq().next();
  }
  return {};
}

}  // namespace iro::views

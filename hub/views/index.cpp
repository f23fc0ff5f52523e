#include "hub/views/index.hpp"

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/views/chunk_source.hpp"

namespace iro::views {

Result<Index> Index::open(std::filesystem::path path, log::LogReader& reader, const IndexOptions& options) {
  Index index(std::move(path), options);
  if (const Status loaded = index.load(); !loaded) {
    if (loaded.error().code != Errc::corrupt) return fail(loaded.error());
    IRO_TRY(index.start_over(), "make the index anew");
    return index;
  }
  const auto fits = index.describes(reader);
  if (!fits) return fail(fits.error().within("compare the index with the log"));
  if (!*fits) IRO_TRY(index.start_over(), "make the index anew");
  return index;
}

Status Index::load() {
  auto file = IndexFile::open(path_);
  if (!file) return fail(file.error());
  auto runs = (*file)->runs();
  if (!runs) return fail(runs.error());
  file_ = std::move(*file);
  runs_ = std::move(*runs);
  tail_ = std::make_unique<Tail>(file_->hash_key(), stored_through().next());
  return {};
}

Status Index::start_over() {
  file_.reset();
  runs_.clear();
  IRO_TRY(IndexFile::remove(path_), "index");
  return load();
}

/// Is the end of the last run the end of a chunk of this log, with the same head?
Result<bool> Index::describes(log::LogReader& reader) const {
  if (runs_.empty()) return true;
  const auto chunks = reader.read(stored_through(), 1, nobody);
  if (!chunks) return fail(chunks.error());
  return !chunks->empty() && chunks->front()->last_seq() == stored_through() &&
         chunks->front()->head == runs_.back().head;
}

Seq Index::stored_through() const { return runs_.empty() ? Seq(0) : runs_.back().stretch.last(); }

Seq Index::indexed_through() const { return tail_->stretch().last(); }

Status Index::add(const log::ChunkView& chunk) {
  const std::uint64_t size = tail_->stretch().size();
  if (size != 0 && size + chunk.count() > options_.run_events) {
    auto run = file_->write(*tail_);
    if (!run) return fail(run.error());
    runs_.push_back(std::move(*run));
    tail_ = std::make_unique<Tail>(file_->hash_key(), stored_through().next());
  }
  tail_->add(chunk);
  return {};
}

void Index::find_in_tail(IndexKey key, std::vector<Seq>& out) const {
  for (const Posting p : tail_->postings(key.field)) {
    if (hash_of(p) == key.hash) out.push_back(tail_->stretch().from.plus(static_cast<std::uint32_t>(p)));
  }
}

Result<std::vector<Seq>> Index::find(IndexKey key, const Stretch& stretch) {
  std::vector<Seq> out;
  auto run = std::ranges::partition_point(runs_, [&](const Run& r) { return r.stretch.before <= stretch.from; });
  for (; run != runs_.end() && run->stretch.from < stretch.before; ++run) {
    if (const Status found = file_->find(*run, key, out); !found) return fail(found.error());
  }
  if (!tail_->stretch().within(stretch).empty()) find_in_tail(key, out);
  std::erase_if(out, [&](Seq seq) { return !stretch.contains(seq); });
  return out;
}

Stretch Index::stretch_of(Seq seq) const {
  if (tail_->stretch().contains(seq)) return tail_->stretch();
  const auto run = std::ranges::partition_point(runs_, [&](const Run& r) { return r.stretch.before <= seq; });
  IRO_ASSERT(run != runs_.end(), "an indexed position");
  return run->stretch;
}

}  // namespace iro::views

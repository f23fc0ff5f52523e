#include "hub/views/search.hpp"

#include <algorithm>

#include "hub/base/limits.hpp"

namespace iro::views {
namespace {

/// Positions read at a time where the index is no help.
constexpr std::uint64_t window_positions = 4'096;

}  // namespace

bool Criteria::match(const log::EntryView& e) const {
  if (id && e.id != *id) return false;
  if (correlation && e.correlationid != *correlation) return false;
  if (!subject.empty() && e.subject != subject) return false;
  if (persons && !persons->contains(e.person_key)) return false;
  return (types.empty() && any_type) || std::ranges::find(types, e.type) != types.end();
}

std::vector<IndexKey> Criteria::keys(const Index& index) const {
  if (id) return {index.by_id(*id)};
  if (correlation) return {index.by_correlation(*correlation)};
  if (!subject.empty()) return {index.by_subject(subject)};
  std::vector<IndexKey> out;
  for (const AtomNo type : types) out.push_back(index.by_type(type));
  return out;
}

Search::Search(ChunkSource& source, Index* index, Perspective& perspective, Plan plan)
    : source_(source),
      index_(index),
      perspective_(perspective),
      plan_(std::move(plan)),
      rest_(plan_.range),
      start_bytes_(source.looked_at_bytes()) {
  if (index_ != nullptr) keys_ = plan_.criteria.keys(*index_);
}

/// Never before anything was done: `next` must lead on, however small the budget.
bool Search::budget_spent() const {
  return rest_.size() < plan_.range.size() &&
         source_.looked_at_bytes() - start_bytes_ + asked_bytes_ >= plan_.budget_bytes;
}

bool Search::by_index(Seq seq) const { return !keys_.empty() && seq <= index_->indexed_through(); }

/// The part of rest_ to take next, at its near end: all by the index, or none.
Stretch Search::next_window() const {
  const Seq edge = newest() ? rest_.last() : rest_.from;
  if (by_index(edge)) return index_->stretch_of(edge).within(rest_);
  if (!newest()) return Stretch{edge, edge.plus(window_positions)}.within(rest_);
  const std::uint64_t size = std::min(rest_.size(), window_positions);
  Stretch window{Seq(rest_.before.value() - size), rest_.before};
  if (!keys_.empty()) window.from = std::max(window.from, index_->indexed_through().next());
  return window;
}

Status Search::ask_index() {
  for (const IndexKey key : keys_) {
    auto found = index_->find(key, window_);
    if (!found) {
      index_failed_ = true;
      return fail(found.error());
    }
    candidates_.insert(candidates_.end(), found->begin(), found->end());
    asked_bytes_ += limits::page_bytes;
  }
  std::ranges::sort(candidates_);
  return {};
}

Status Search::open_window() {
  window_ = next_window();
  candidates_.clear();
  if (by_index(window_.from)) {
    IRO_TRY(ask_index(), "search");
  } else {
    IRO_TRY(source_.load(window_), "search");
    for (Seq seq = window_.from; seq < window_.before; seq = seq.next()) candidates_.push_back(seq);
  }
  if (!newest()) std::ranges::reverse(candidates_);
  return {};
}

void Search::done(Seq seq) {
  if (newest()) {
    rest_.before = seq;
  } else {
    rest_.from = seq.next();
  }
}

Result<std::optional<Hit>> Search::look_at(Seq seq) {
  const auto chunk = source_.holding(seq);
  if (!chunk) return fail(chunk.error());
  const auto i = static_cast<std::uint32_t>(seq.value() - (*chunk)->chunk().first_seq.value());
  Hit hit{seq, (*chunk)->entry(i), *chunk, Seen::nothing};
  if (!plan_.criteria.match(hit.entry)) return std::optional<Hit>();
  hit.seen = perspective_.of(hit.entry);
  return hit.seen == Seen::nothing || !plan_.criteria.may_show(hit.seen) ? std::optional<Hit>()
                                                                         : std::optional<Hit>(std::move(hit));
}

Result<std::optional<Hit>> Search::next() {
  while (!rest_.empty() && !budget_spent()) {
    if (candidates_.empty()) {
      if (!window_.within(rest_).empty()) {
        // The window is done, also behind its last candidate.
        done(newest() ? window_.from : window_.last());
        continue;
      }
      IRO_TRY(open_window(), "events");
      continue;
    }
    const Seq seq = candidates_.back();
    candidates_.pop_back();
    auto hit = look_at(seq);
    if (!hit) return hit;
    done(seq);
    if (*hit) return hit;
  }
  return std::optional<Hit>();
}

}  // namespace iro::views

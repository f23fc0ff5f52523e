// hub/views/search.hpp: the entries of a stretch of the log that fit a question
// and that a member may see, one at a time, oldest or newest first.
//
// Where the index reaches, it names the candidates; where it does not, every
// entry is one. Each candidate is looked at itself. A search stops when it has
// looked at `budget_bytes` of directories, though not before it got anywhere;
// rest() is where to go on.
//
// One thread; what it was made of outlives it. Nothing may be committed or
// indexed while it runs.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hub/views/chunk_source.hpp"
#include "hub/views/index.hpp"
#include "hub/views/perspective.hpp"

namespace iro::views {

/// All that are given must hold.
struct Criteria {
  std::optional<EventId> id;
  std::optional<EventId> correlation;
  std::string subject;                           // "": any
  std::vector<AtomNo> types;                     // any of these
  bool any_type = true;                          // with no `types`: all, or none
  std::optional<std::set<PersonKeyNo>> persons;  // bodies under these keys, that the asker sees in full or has sent

  /// No event can fit: none of the types asked for was ever sent.
  [[nodiscard]] bool impossible() const { return (types.empty() && !any_type) || (persons && persons->empty()); }
  [[nodiscard]] bool match(const log::EntryView& entry) const;
  /// Masked readers and the operator do not learn whom an event is about.
  [[nodiscard]] bool may_show(Seen seen) const { return !persons || seen == Seen::full || seen == Seen::sent; }
  /// What to ask the index: the keys of the criterion that leaves fewest. None: the index is no help.
  [[nodiscard]] std::vector<IndexKey> keys(const Index& index) const;
  [[nodiscard]] bool keyed() const { return id || correlation || !subject.empty() || !types.empty(); }
};

enum class Order : std::uint8_t { oldest, newest };

struct Hit {
  Seq seq;
  log::EntryView entry;  // points into `chunk`
  ChunkSource::View chunk;
  Seen seen = Seen::nothing;
};

class Search {
 public:
  struct Plan {
    Criteria criteria;
    Stretch range;
    Order order = Order::oldest;
    std::uint64_t budget_bytes = 0;
  };
  /// `index` may be null.
  Search(ChunkSource& source, Index* index, Perspective& perspective, Plan plan);

  /// Nothing when the range is done or the budget is spent.
  Result<std::optional<Hit>> next();
  /// What was not looked at yet.
  [[nodiscard]] const Stretch& rest() const { return rest_; }
  /// next() failed because of the index, not of the log.
  [[nodiscard]] bool index_failed() const { return index_failed_; }

 private:
  [[nodiscard]] bool newest() const { return plan_.order == Order::newest; }
  [[nodiscard]] bool budget_spent() const;
  [[nodiscard]] Stretch next_window() const;
  [[nodiscard]] bool by_index(Seq seq) const;
  Status open_window();
  Status ask_index();
  Result<std::optional<Hit>> look_at(Seq seq);
  void done(Seq seq);

  ChunkSource& source_;
  Index* index_;
  Perspective& perspective_;
  Plan plan_;
  std::vector<IndexKey> keys_;
  Stretch rest_;
  Stretch window_;
  std::vector<Seq> candidates_;  // of the window, the next one last
  std::uint64_t start_bytes_;
  std::uint64_t asked_bytes_ = 0;
  bool index_failed_ = false;
};

}  // namespace iro::views

#include "plugins/chain_placement/plan.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>
#include <utility>

namespace iro::chain {
namespace {

constexpr std::uint32_t bit(std::size_t station) { return 1U << station; }

/// Depth first over the cells that are open, in periods and students ascending.
class Search {
 public:
  explicit Search(const Problem& problem) : in_(problem) {
    for (std::size_t s = 0; s < in_.students; ++s) start_student(s);
    for (std::size_t p = 0; p < in_.periods; ++p) matched_[p] = matching(p);
    for (std::size_t p = in_.periods; p-- > 0;) {
      matched_from_[p] = matched_from_[p + 1] + matched_[p];
      kept_from_[p] = kept_from_[p + 1];
      for (std::size_t t = 0; t < in_.stations; ++t) {
        const unsigned free = free_seats(p, t);
        free_from_[p][t] = free_from_[p + 1][t] + free;
        unsigned were = 0;
        for (std::size_t s = 0; s < in_.students; ++s) were += may_keep(s, p) && in_.before[s][p] == t + 1 ? 1 : 0;
        kept_from_[p] += std::min(were, free);
      }
    }
    for (std::size_t s = 0; s < in_.students; ++s) legs_ += in_.need[s];
  }

  Plan run() {
    // What can always be done: the legs of before that still may stay do, as far as the seats go.
    fallback();
    descend(0, 0);
    best_.proven = nodes_ < search_nodes;
    return best_;
  }

 private:
  void start_student(std::size_t s) {
    seen_[s] = in_.been[s];
    for (std::size_t p = 0; p < in_.periods; ++p) {
      if (in_.fixed[s][p]) {
        cells_[s][p] = in_.before[s][p];
        if (cells_[s][p] == 0) continue;
        seen_[s] |= bit(cells_[s][p] - 1U);
        ++used_[p][cells_[s][p] - 1U];
        continue;
      }
      for (std::size_t t = 0; t < in_.stations; ++t) {
        if (in_.bars[s][p][t] == Bar::none) may_[s][p] |= bit(t);
      }
    }
    for (std::size_t p = in_.periods; p-- > 0;) {
      may_from_[s][p] = may_from_[s][p + 1] | may_[s][p];
      open_from_[s][p] = static_cast<std::uint8_t>(open_from_[s][p + 1] + (may_[s][p] != 0 ? 1 : 0));
      keep_from_[s][p] = static_cast<std::uint8_t>(keep_from_[s][p + 1] + (may_keep(s, p) ? 1 : 0));
    }
    left_[s] = in_.need[s];
  }
  [[nodiscard]] bool may_keep(std::size_t s, std::size_t p) const {
    return in_.before[s][p] != 0 && !in_.fixed[s][p] && (may_[s][p] & bit(in_.before[s][p] - 1U)) != 0;
  }

  [[nodiscard]] unsigned free_seats(std::size_t p, std::size_t t) const {
    return in_.seats[p][t] > used_[p][t] ? unsigned{in_.seats[p][t]} - used_[p][t] : 0U;
  }

  /// The most students that can be somewhere in a period, whatever the others hold: Kuhn's augmenting paths.
  unsigned matching(std::size_t p) {
    std::array<std::vector<std::size_t>, most_stations> at{};
    unsigned found = 0;
    for (std::size_t s = 0; s < in_.students; ++s) {
      std::uint32_t tried = 0;
      if (in_.need[s] > 0 && augment(s, p, at, tried)) ++found;
    }
    return found;
  }
  bool augment(std::size_t s, std::size_t p, std::array<std::vector<std::size_t>, most_stations>& at,
               std::uint32_t& tried) const {
    for (std::size_t t = 0; t < in_.stations; ++t) {
      if ((may_[s][p] & ~seen_[s] & bit(t)) == 0 || (tried & bit(t)) != 0 || in_.seats[p][t] <= used_[p][t]) continue;
      tried |= bit(t);
      if (at[t].size() + used_[p][t] < in_.seats[p][t]) {
        at[t].push_back(s);
        return true;
      }
      for (std::size_t& other : at[t]) {
        if (augment(other, p, at, tried)) {
          other = s;
          return true;
        }
      }
    }
    return false;
  }

  void fallback() {
    best_.cells = cells_;
    auto used = used_;
    auto seen = seen_;
    unsigned kept = 0;
    for (std::size_t p = 0; p < in_.periods; ++p) {
      for (std::size_t s = 0; s < in_.students; ++s) {
        if (!may_keep(s, p)) continue;
        const std::size_t t = in_.before[s][p] - 1U;
        if ((seen[s] & bit(t)) != 0 || used[p][t] >= in_.seats[p][t]) continue;
        seen[s] |= bit(t);
        ++used[p][t];
        ++kept;
        best_.cells[s][p] = in_.before[s][p];
      }
    }
    best_.unplanned = legs_ - kept;
    best_.changes = legs_ - kept;
  }

  /// No plan from here on can be better than this: (legs without a place, changes).
  [[nodiscard]] std::pair<unsigned, unsigned> bound(std::size_t s_next, std::size_t p_next) const {
    unsigned place = 0;
    unsigned keep = 0;
    unsigned keep_here = 0;
    std::array<unsigned, most_stations> come{};  // students who may still come to a station
    for (std::size_t s = 0; s < in_.students; ++s) {
      const std::size_t p = s < s_next ? p_next + 1 : p_next;
      const std::uint32_t open = left_[s] == 0 ? 0 : may_from_[s][p] & ~seen_[s];
      const auto stations = static_cast<unsigned>(std::popcount(open));
      const unsigned most = std::min({unsigned{left_[s]}, stations, unsigned{open_from_[s][p]}});
      place += most;
      keep += std::min(most, unsigned{keep_from_[s][p]});
      keep_here += s >= s_next && may_keep(s, p_next) ? 1 : 0;
      for (std::uint32_t rest = open; rest != 0; rest &= rest - 1)
        ++come[static_cast<unsigned>(std::countr_zero(rest))];
    }
    const unsigned by_period =
        matched_from_[p_next + 1] + std::min(matched_[p_next], unsigned{in_.students} - static_cast<unsigned>(s_next));
    unsigned by_station = 0;
    for (std::size_t t = 0; t < in_.stations; ++t) {
      by_station += std::min(come[t], free_from_[p_next + 1][t] + free_seats(p_next, t));
    }
    place = std::min({place, by_period, by_station});
    keep = std::min(keep, kept_from_[p_next + 1] + keep_here);
    return {legs_ - placed_ - place, legs_ - kept_ - std::min(keep, place)};
  }

  void descend(std::size_t s, std::size_t p) {
    if (s == in_.students) return descend(0, p + 1);
    if (p == in_.periods) return take();
    if (s == 0 && p > 0 && been_here_better(p)) return;
    if (++nodes_ >= search_nodes) return;
    const auto reach = bound(s, p);
    if (reach >= std::pair(best_.unplanned, best_.changes) || reach.second > most_changes) return;
    if (in_.fixed[s][p]) return descend(s + 1, p);
    const std::uint32_t may = left_[s] == 0 ? 0 : may_[s][p] & ~seen_[s];
    const std::size_t was = in_.before[s][p];
    if (was != 0 && (may & bit(was - 1)) != 0) put(s, p, was - 1);
    for (std::size_t t = 0; t < in_.stations; ++t) {
      if ((may & bit(t)) != 0 && t + 1 != was) put(s, p, t);
    }
    descend(s + 1, p);
  }
  /// What is left depends on nothing but the stations that each has seen; how many legs are placed follows from them.
  /// So of two ways to one such point the one that kept more is enough.
  bool been_here_better(std::size_t p) {
    std::uint64_t key = p;
    for (std::size_t s = 0; s < in_.students; ++s) key = key << most_stations | seen_[s];
    const auto [at, fresh] = points_.try_emplace(key, kept_);
    if (!fresh && at->second >= kept_) return true;
    at->second = kept_;
    return false;
  }
  void put(std::size_t s, std::size_t p, std::size_t t) {
    if (used_[p][t] >= in_.seats[p][t]) return;
    const unsigned same = in_.before[s][p] == t + 1 ? 1 : 0;
    ++used_[p][t];
    seen_[s] |= bit(t);
    --left_[s];
    ++placed_;
    kept_ += same;
    cells_[s][p] = static_cast<std::uint8_t>(t + 1);
    descend(s + 1, p);
    cells_[s][p] = 0;
    kept_ -= same;
    --placed_;
    ++left_[s];
    seen_[s] &= ~bit(t);
    --used_[p][t];
  }
  void take() {
    const std::pair now(legs_ - placed_, legs_ - kept_);
    if (now >= std::pair(best_.unplanned, best_.changes) || now.second > most_changes) return;
    best_.cells = cells_;
    std::tie(best_.unplanned, best_.changes) = now;
  }

  const Problem& in_;
  Grid cells_{};
  Plan best_{};
  std::size_t nodes_ = 0;
  std::map<std::uint64_t, unsigned> points_;  // between two periods: kept_ of the best way there
  unsigned legs_ = 0;
  unsigned placed_ = 0;
  unsigned kept_ = 0;
  std::array<std::array<std::uint8_t, most_stations>, most_periods> used_{};
  std::array<std::uint32_t, most_students> seen_{};
  std::array<std::uint8_t, most_students> left_{};
  std::array<std::array<std::uint32_t, most_periods>, most_students> may_{};
  std::array<std::array<std::uint32_t, most_periods + 1>, most_students> may_from_{};
  std::array<std::array<std::uint8_t, most_periods + 1>, most_students> open_from_{};
  std::array<std::array<std::uint8_t, most_periods + 1>, most_students> keep_from_{};
  std::array<unsigned, most_periods> matched_{};
  std::array<unsigned, most_periods + 1> matched_from_{};
  std::array<unsigned, most_periods + 1> kept_from_{};
  std::array<std::array<unsigned, most_stations>, most_periods + 1> free_from_{};
};

}  // namespace

Plan replan(const Problem& problem) { return Search(problem).run(); }

Grid rotation(std::uint8_t k) {
  Grid out{};
  for (std::size_t s = 0; s < k; ++s) {
    for (std::size_t p = 0; p < k; ++p) out[s][p] = static_cast<std::uint8_t>((s + p) % k + 1);
  }
  return out;
}

std::vector<Cell> seats_of(const Grid& cells) {
  std::vector<Cell> out;
  for (std::size_t s = 0; s < cells.size(); ++s) {
    for (std::size_t p = 0; p < cells[s].size(); ++p) {
      if (cells[s][p] == 0) continue;
      out.push_back({static_cast<std::uint8_t>(s + 1), static_cast<std::uint8_t>(p + 1), cells[s][p]});
    }
  }
  return out;
}

bool is_latin_square(const Grid& cells, std::uint8_t k) {
  const std::uint32_t all = bit(k) - 1;
  for (std::size_t a = 0; a < k; ++a) {
    std::uint32_t row = 0;
    std::uint32_t column = 0;
    for (std::size_t b = 0; b < k; ++b) {
      if (cells[a][b] == 0 || cells[b][a] == 0) return false;
      row |= bit(cells[a][b] - 1U);
      column |= bit(cells[b][a] - 1U);
    }
    if (row != all || column != all) return false;
  }
  return true;
}

std::vector<Finding> examine(const Problem& problem, const std::vector<Cell>& cells) {
  std::vector<Finding> out;
  Grid at{};
  std::array<std::array<std::uint8_t, most_stations>, most_periods> used{};
  auto seen = problem.been;
  std::array<std::uint8_t, most_students> legs{};
  for (const Cell& cell : cells) {
    const auto [s, p, t] = cell;
    const bool inside =
        s > 0 && s <= problem.students && p > 0 && p <= problem.periods && t > 0 && t <= problem.stations;
    if (!inside) {
      out.push_back({Broken::outside, cell});
      continue;
    }
    const std::size_t student = s - 1U;
    const std::size_t period = p - 1U;
    const std::size_t station = t - 1U;
    const Bar bar = problem.bars[student][period][station];
    if (at[student][period] != 0) out.push_back({Broken::student_twice, cell});
    if (++used[period][station] > problem.seats[period][station]) out.push_back({Broken::over_capacity, cell});
    if ((seen[student] & bit(station)) != 0) out.push_back({Broken::station_twice, cell});
    if (bar != Bar::none) out.push_back({Broken::barred, cell, bar});
    at[student][period] = t;
    seen[student] |= bit(station);
    ++legs[student];
  }
  for (std::uint8_t s = 0; s < problem.students; ++s) {
    if (legs[s] < problem.need[s]) {
      out.push_back({Broken::incomplete, {static_cast<std::uint8_t>(s + 1), 0, 0}});
    }
  }
  return out;
}

Calendar lay_out(const Layout& layout) {
  Calendar out;
  Week week = layout.start;
  const Week end = layout.start + static_cast<Week>(most_weeks);
  const auto next = [&] {
    while (week < end && layout.closed.contains(week)) ++week;
    return week++;
  };
  if (layout.per_leg == 0) return {};
  for (unsigned i = 0; i < layout.opening && week <= end; ++i) next();
  for (unsigned leg = 0; leg < layout.legs && week <= end; ++leg) {
    Period period;
    for (unsigned i = 0; i < layout.per_leg && week <= end; ++i) period.weeks.push_back(next());
    out.periods.push_back(std::move(period));
  }
  for (unsigned i = 0; i < layout.closing && week <= end; ++i) next();
  if (week > end) return {};
  out.weeks = layout.opening + unsigned{layout.legs} * layout.per_leg + layout.closing;
  return out;
}

std::vector<int> divide(const std::vector<std::vector<int>>& serves, std::size_t legs) {
  std::vector<int> leg_of(serves.size(), -1);
  std::vector<std::size_t> load(legs, 0);
  // Each goal goes to a leg; then, as long as a path of moves leads from a leg to one with two goals less, they move.
  for (std::size_t goal = 0; goal < serves.size(); ++goal) {
    for (const int leg : serves[goal]) {
      if (leg_of[goal] < 0 || load[leg] < load[leg_of[goal]]) leg_of[goal] = leg;
    }
    if (leg_of[goal] < 0) continue;
    ++load[leg_of[goal]];
    // A breadth-first walk from the leg that grew: which legs can take one over, and through which goal.
    const int grown = leg_of[goal];
    std::vector<int> through(legs, -1);
    std::vector<int> walk{grown};
    for (std::size_t at = 0; at < walk.size(); ++at) {
      for (std::size_t g = 0; g <= goal; ++g) {
        if (leg_of[g] != walk[at]) continue;
        for (const int leg : serves[g]) {
          if (leg == grown || through[leg] >= 0) continue;
          through[leg] = static_cast<int>(g);
          walk.push_back(leg);
        }
      }
    }
    int lightest = grown;
    for (const int leg : walk) lightest = load[leg] < load[lightest] ? leg : lightest;
    if (load[lightest] + 1 >= load[grown]) continue;
    --load[grown];
    ++load[lightest];
    for (int leg = lightest; leg != grown;) {
      const int moved = through[leg];
      const int from = leg_of[moved];
      leg_of[moved] = leg;
      leg = from;
    }
  }
  return leg_of;
}

}  // namespace iro::chain

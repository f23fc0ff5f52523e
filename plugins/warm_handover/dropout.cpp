#include "dropout.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace iro::handover {
namespace {

Figure& at(Release& release, const Cell& cell) {
  if (cell.table == dimensions) return cell.profile == profiles ? release.total : release.by_profile[cell.profile];
  ReleasedColumn& column = release.tables[cell.table][cell.column];
  return cell.profile == profiles ? column.total : column.by_profile[cell.profile];
}

Release complete(const Figures& figures) {
  Release out;
  for (std::size_t table = 0; table < dimensions; ++table) {
    for (const auto& [name, counts] : figures[table]) {
      ReleasedColumn column;
      column.name = name;
      std::uint32_t total = 0;
      for (std::size_t p = 0; p < profiles; ++p) {
        column.by_profile[p] = counts[p];
        total += counts[p];
        if (table == 0) out.by_profile[p] = out.by_profile[p].value_or(0) + counts[p];
      }
      column.total = total;
      if (table == 0) out.total = out.total.value_or(0) + total;
      out.tables[table].push_back(std::move(column));
    }
  }
  return out;
}

/// One table as a network. Nodes: profiles first, then columns, then the sum of all. An arc is a figure that was left
/// out.
struct Arc {
  Cell cell;
  std::size_t from = 0;
  std::size_t to = 0;
  bool may_shrink = false;
};
struct Move {
  std::size_t arc = 0;
  int by = 0;  // +1 along the arc, -1 against it
};
using Path = std::vector<Move>;

class Network {
 public:
  Network(const Release& all, const Release& release, std::size_t table) : columns_(release.tables[table].size()) {
    for (std::size_t c = 0; c < columns_; ++c) {
      for (std::size_t p = 0; p <= profiles; ++p) {
        const Cell cell{table, c, p};
        if (figure_at(release, cell)) continue;
        const std::size_t column = profiles + c;
        arcs.push_back({cell, p == profiles ? column : p, p == profiles ? sum() : column, *figure_at(all, cell) > 0});
      }
    }
  }
  [[nodiscard]] std::size_t sum() const { return profiles + columns_; }

  /// A shortest way on which one student can be moved, not over the arc `but`.
  [[nodiscard]] std::optional<Path> way(std::size_t from, std::size_t to, std::size_t but) const {
    if (from == to) return Path();
    std::vector<std::optional<Move>> came(sum() + 1);
    std::vector<std::size_t> before(sum() + 1, from);
    std::deque<std::size_t> next{from};
    while (!next.empty() && !came[to]) {
      const std::size_t node = next.front();
      next.pop_front();
      for (std::size_t a = 0; a < arcs.size(); ++a) {
        const Arc& arc = arcs[a];
        const auto reach = [&](std::size_t other, int by) {
          if (other == from || came[other]) return;
          came[other] = Move{a, by};
          before[other] = node;
          next.push_back(other);
        };
        if (a == but) continue;
        if (arc.from == node) reach(arc.to, 1);
        if (arc.to == node && arc.may_shrink) reach(arc.from, -1);
      }
    }
    if (!came[to]) return std::nullopt;
    Path out;
    for (std::size_t node = to; node != from; node = before[node]) out.push_back(*came[node]);
    std::reverse(out.begin(), out.end());
    return out;
  }

  /// The node in which a move ends.
  [[nodiscard]] std::size_t end_of(const Move& move) const {
    return move.by > 0 ? arcs[move.arc].to : arcs[move.arc].from;
  }

  /// A walk from `from` over the arc `through` without what it does in vain: either the simple way on which the arc is,
  /// or, where that is in a loop of the walk, the loop alone (then `is_loop`).
  [[nodiscard]] Path straightened(std::size_t from, const Path& walk, std::size_t through, bool& is_loop) const {
    Path out;
    std::vector<std::size_t> nodes{from};
    for (const Move& move : walk) {
      out.push_back(move);
      const std::size_t here = end_of(move);
      const auto seen = std::find(nodes.begin(), nodes.end(), here);
      if (seen == nodes.end()) {
        nodes.push_back(here);
        continue;
      }
      const auto length = static_cast<std::ptrdiff_t>(nodes.end() - seen);
      const Path loop(out.end() - length, out.end());
      if (std::any_of(loop.begin(), loop.end(), [&](const Move& m) { return m.arc == through; })) {
        is_loop = true;
        return loop;
      }
      out.erase(out.end() - length, out.end());
      nodes.erase(seen + 1, nodes.end());
    }
    return out;
  }

  std::vector<Arc> arcs;

 private:
  std::size_t columns_;
};

constexpr std::size_t no_arc = static_cast<std::size_t>(-1);

/// A move of the totals that all tables have in common: one student more in `from`, one less in `to`; `profiles` stands
/// for the sum of all.
struct Exchange {
  std::size_t from = 0;
  std::size_t to = 0;
};

class Audit {
 public:
  Audit(const Release& all, const Release& release)
      : networks_{{{all, release, 0}, {all, release, 1}, {all, release, 2}}} {
    const auto hidden = [&](std::size_t p) { return !figure_at(release, {dimensions, 0, p}); };
    const auto shrinks = [&](std::size_t p) { return *figure_at(all, {dimensions, 0, p}) > 0; };
    for (std::size_t from = 0; from <= profiles; ++from) {
      for (std::size_t to = 0; to <= profiles; ++to) {
        if (from == to || !hidden(from) || !hidden(to)) continue;
        // More in a profile, or (from == profiles) fewer in all; fewer in a profile, or (to == profiles) more in all.
        if (from == profiles && !shrinks(profiles)) continue;
        if (to != profiles && !shrinks(to)) continue;
        std::array<Path, dimensions> ways;
        bool possible = true;
        for (std::size_t k = 0; k < dimensions && possible; ++k) {
          auto way = networks_[k].way(node(k, from), node(k, to), no_arc);
          possible = way.has_value();
          if (way) ways[k] = std::move(*way);
        }
        if (possible) exchanges_.emplace_back(Exchange{from, to}, std::move(ways));
      }
    }
  }

  /// How the figures could be different with `cell` among what differs; nothing: they could not.
  [[nodiscard]] std::optional<std::vector<std::pair<Cell, int>>> move(const Cell& cell) const {
    if (cell.table == dimensions) {
      for (const auto& [exchange, ways] : exchanges_) {
        if (exchange.from == cell.profile || exchange.to == cell.profile) return moved(exchange, ways);
      }
      return std::nullopt;
    }
    const std::size_t k = cell.table;
    const Network& network = networks_[k];
    const auto found =
        std::find_if(network.arcs.begin(), network.arcs.end(), [&](const Arc& a) { return a.cell == cell; });
    const auto a = static_cast<std::size_t>(found - network.arcs.begin());
    for (const int by : {1, -1}) {
      if (by < 0 && !found->may_shrink) continue;
      const std::size_t begin = by > 0 ? found->from : found->to;
      const std::size_t end = by > 0 ? found->to : found->from;
      if (auto back = network.way(end, begin, a)) {
        back->push_back({a, by});
        std::vector<std::pair<Cell, int>> out;
        add(out, k, *back);
        return out;
      }
      for (const auto& [exchange, ways] : exchanges_) {
        auto there = network.way(node(k, exchange.from), begin, a);
        const auto further = network.way(end, node(k, exchange.to), a);
        if (!there || !further) continue;
        there->push_back({a, by});
        there->insert(there->end(), further->begin(), further->end());
        bool loop = false;
        Path path = network.straightened(node(k, exchange.from), *there, a, loop);
        if (loop) {
          std::vector<std::pair<Cell, int>> out;
          add(out, k, path);
          return out;
        }
        auto all_ways = ways;
        all_ways[k] = std::move(path);
        return moved(exchange, all_ways);
      }
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::size_t node(std::size_t table, std::size_t total) const {
    return total == profiles ? networks_[table].sum() : total;
  }
  void add(std::vector<std::pair<Cell, int>>& out, std::size_t table, const Path& path) const {
    for (const Move& one : path) out.emplace_back(networks_[table].arcs[one.arc].cell, one.by);
  }
  [[nodiscard]] std::vector<std::pair<Cell, int>> moved(const Exchange& exchange,
                                                        const std::array<Path, dimensions>& ways) const {
    std::vector<std::pair<Cell, int>> out;
    for (std::size_t k = 0; k < dimensions; ++k) add(out, k, ways[k]);
    out.emplace_back(Cell{dimensions, 0, exchange.from}, exchange.from == profiles ? -1 : 1);
    out.emplace_back(Cell{dimensions, 0, exchange.to}, exchange.to == profiles ? 1 : -1);
    return out;
  }

  std::array<Network, dimensions> networks_;
  std::vector<std::pair<Exchange, std::array<Path, dimensions>>> exchanges_;
};

/// The sums that a figure is in, each as its other members.
std::vector<std::vector<Cell>> sums_of(const Release& release, const Cell& cell) {
  std::vector<std::vector<Cell>> out;
  const auto row = [&](std::size_t table, std::size_t profile) {  // over the columns, with their total
    std::vector<Cell> sum;
    for (std::size_t c = 0; c < release.tables[table].size(); ++c) sum.push_back({table, c, profile});
    sum.push_back({dimensions, 0, profile});
    out.push_back(std::move(sum));
  };
  const auto column = [&](std::size_t table, std::size_t c) {  // over the profiles, with their total
    std::vector<Cell> sum;
    for (std::size_t p = 0; p <= profiles; ++p) sum.push_back({table, c, p});
    out.push_back(std::move(sum));
  };
  if (cell.table != dimensions) {
    row(cell.table, cell.profile);
    column(cell.table, cell.column);
  } else {
    for (std::size_t table = 0; table < dimensions; ++table) row(table, cell.profile);
    column(dimensions, 0);
  }
  for (auto& sum : out) std::erase(sum, cell);
  return out;
}

/// What else to leave out so that `cell` does not follow: the smallest figure of a sum in which nothing else is left
/// out, or else of any of its sums, or else of all.
std::optional<Cell> companion(const Release& release, const Cell& cell) {
  std::optional<Cell> alone;
  std::optional<Cell> beside;
  std::optional<Cell> anywhere;
  const auto consider = [&](std::optional<Cell>& best, const Cell& other) {
    const Figure& figure = figure_at(release, other);
    if (figure && (!best || *figure < *figure_at(release, *best))) best = other;
  };
  for (const auto& sum : sums_of(release, cell)) {
    const bool only_one =
        std::all_of(sum.begin(), sum.end(), [&](const Cell& other) { return figure_at(release, other).has_value(); });
    for (const Cell& other : sum) consider(only_one ? alone : beside, other);
  }
  for (const Cell& other : cells_of(release)) consider(anywhere, other);
  return alone ? alone : beside ? beside : anywhere;
}

}  // namespace

std::vector<Cell> cells_of(const Release& release) {
  std::vector<Cell> out;
  for (std::size_t table = 0; table < dimensions; ++table) {
    for (std::size_t c = 0; c < release.tables[table].size(); ++c) {
      for (std::size_t p = 0; p <= profiles; ++p) out.push_back({table, c, p});
    }
  }
  for (std::size_t p = 0; p <= profiles; ++p) out.push_back({dimensions, 0, p});
  return out;
}

const Figure& figure_at(const Release& release, const Cell& cell) {
  if (cell.table == dimensions) return cell.profile == profiles ? release.total : release.by_profile[cell.profile];
  const ReleasedColumn& column = release.tables[cell.table][cell.column];
  return cell.profile == profiles ? column.total : column.by_profile[cell.profile];
}

std::uint32_t count_at(const Figures& figures, const Release& release, const Cell& cell) {
  std::uint32_t sum = 0;
  const auto add = [&](const Counts& counts) {
    for (std::size_t p = 0; p < profiles; ++p) sum += cell.profile == profiles || cell.profile == p ? counts[p] : 0;
  };
  if (cell.table != dimensions) {
    add(figures[cell.table].at(release.tables[cell.table][cell.column].name));
  } else {
    for (const auto& [name, counts] : figures[0]) add(counts);
  }
  return sum;
}

Release protect(const Figures& figures, std::uint32_t study_year, std::uint32_t smallest_cell) {
  const Release all = complete(figures);
  Release out = all;
  out.study_year = study_year;
  out.smallest_cell = smallest_cell;
  if (!all.total) return out;
  const std::vector<Cell> cells = cells_of(all);
  for (const Cell& cell : cells) {
    if (*figure_at(all, cell) < smallest_cell) at(out, cell).reset();
  }
  for (bool again = true; again;) {
    again = false;
    const Audit audit(all, out);
    for (const Cell& cell : cells) {
      if (figure_at(out, cell) || audit.move(cell)) continue;
      if (const auto more = companion(out, cell)) {
        at(out, *more).reset();
        again = true;
        break;
      }
    }
  }
  return out;
}

std::optional<Figures> another(const Figures& figures, const Release& release, const Cell& cell) {
  if (figure_at(release, cell)) return std::nullopt;
  const auto moves = Audit(complete(figures), release).move(cell);
  if (!moves) return std::nullopt;
  Figures out = figures;
  for (const auto& [moved, by] : *moves) {
    if (moved.table == dimensions || moved.profile == profiles) continue;  // totals follow
    std::uint32_t& count = out[moved.table].at(release.tables[moved.table][moved.column].name)[moved.profile];
    count = by > 0 ? count + 1 : count - 1;
  }
  return out;
}

}  // namespace iro::handover

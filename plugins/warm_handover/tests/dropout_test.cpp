// Concern: no figure that a release leaves out can be recomputed, and none below the smallest cell stands in it. Plan:
// random years. For each figure that is left out the code has to name another year with the same release, and whether
// it really has is checked here, from the sums alone; on small years it is compared with every year that there could
// be.
#include "plugins/warm_handover/dropout.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "plugins/warm_handover/tests/property.hpp"

namespace {
using namespace iro::handover;
using tests::property;

/// Drop-outs one by one, each in one column of every dimension.
Figures random_figures(int most, std::size_t most_columns) {
  Figures out;
  const auto students = *rc::gen::inRange(1, most);
  std::array<std::size_t, dimensions> columns{};
  for (std::size_t& n : columns) n = *rc::gen::inRange<std::size_t>(1, most_columns + 1);
  const auto lean = *rc::gen::inRange<std::size_t>(1, 4);  // some years are very uneven
  for (int i = 0; i < students; ++i) {
    const auto profile = std::min(*rc::gen::inRange<std::size_t>(0, profiles), *rc::gen::inRange<std::size_t>(0, lean));
    for (std::size_t k = 0; k < dimensions; ++k) {
      const auto a = *rc::gen::inRange<std::size_t>(0, columns[k]);
      const auto b = *rc::gen::inRange<std::size_t>(0, columns[k]);
      ++out[k]["c" + std::to_string(std::min(a, b))][profile];
    }
  }
  return out;
}

/// Is it a year that there could be: the same students in every dimension?
bool possible(const Figures& figures) {
  std::set<std::vector<std::uint64_t>> totals;
  for (const auto& table : figures) {
    std::vector<std::uint64_t> sum(profiles);
    for (const auto& [name, counts] : table) {
      for (std::size_t p = 0; p < profiles; ++p) {
        if (counts[p] > 1'000'000) return false;  // went below zero
        sum[p] += counts[p];
      }
    }
    totals.insert(sum);
  }
  return totals.size() == 1;
}

bool published_the_same(const Figures& figures, const Release& release) {
  const std::vector<Cell> cells = cells_of(release);
  return std::all_of(cells.begin(), cells.end(), [&](const Cell& cell) {
    const Figure& figure = figure_at(release, cell);
    return !figure || *figure == count_at(figures, release, cell);
  });
}

/// Every count that a hidden figure can have in a year with this release and at most `most` students.
class EveryYear {
 public:
  EveryYear(const Release& release, std::uint32_t most) : release_(release) {
    for (std::uint32_t a = 0; a <= most; ++a) {
      for (std::uint32_t b = 0; a + b <= most; ++b) {
        for (std::uint32_t c = 0; a + b + c <= most; ++c) consider({a, b, c});
      }
    }
  }
  [[nodiscard]] const std::set<std::uint32_t>& counts_of(const Cell& cell) const {
    const auto cells = cells_of(release_);
    const auto at = static_cast<std::size_t>(std::find(cells.begin(), cells.end(), cell) - cells.begin());
    return seen_.at(at);
  }

 private:
  void consider(const Counts& totals) {
    for (std::size_t p = 0; p < profiles; ++p) {
      if (!fits({dimensions, 0, p}, totals[p])) return;
    }
    if (!fits({dimensions, 0, profiles}, totals[0] + totals[1] + totals[2])) return;
    std::array<std::vector<std::vector<Counts>>, dimensions> tables;
    for (std::size_t k = 0; k < dimensions; ++k) {
      std::vector<Counts> columns;
      fill(k, totals, columns, tables[k]);
      if (tables[k].empty()) return;
    }
    const auto cells = cells_of(release_);
    seen_.resize(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const Cell& cell = cells[i];
      const auto of = [&](const Counts& counts) {
        return cell.profile == profiles ? counts[0] + counts[1] + counts[2] : counts[cell.profile];
      };
      if (cell.table == dimensions) {
        seen_[i].insert(of(totals));
      } else {
        for (const auto& table : tables[cell.table]) seen_[i].insert(of(table[cell.column]));
      }
    }
  }
  void fill(std::size_t k, const Counts& left, std::vector<Counts>& columns, std::vector<std::vector<Counts>>& out) {
    const std::size_t c = columns.size();
    const bool last = c + 1 == release_.tables[k].size();
    for (std::uint32_t x = last ? left[0] : 0; x <= left[0]; ++x) {
      for (std::uint32_t y = last ? left[1] : 0; y <= left[1]; ++y) {
        for (std::uint32_t z = last ? left[2] : 0; z <= left[2]; ++z) {
          if (!fits({k, c, 0}, x) || !fits({k, c, 1}, y) || !fits({k, c, 2}, z) || !fits({k, c, profiles}, x + y + z))
            continue;
          columns.push_back({x, y, z});
          if (last) {
            out.push_back(columns);
          } else {
            fill(k, {left[0] - x, left[1] - y, left[2] - z}, columns, out);
          }
          columns.pop_back();
        }
      }
    }
  }
  [[nodiscard]] bool fits(const Cell& cell, std::uint32_t count) const {
    const Figure& figure = figure_at(release_, cell);
    return !figure || *figure == count;
  }
  const Release& release_;
  std::vector<std::set<std::uint32_t>> seen_;
};

}  // namespace

TEST_CASE("dropout figures: whatever is left out can have been another number") {
  property("another year has the same release", 1500, [] {
    const Figures figures = random_figures(160, 6);
    const Release release = protect(figures, 2025, 10);
    RC_ASSERT(possible(figures));
    RC_ASSERT(published_the_same(figures, release));
    for (const Cell& cell : cells_of(release)) {
      if (const Figure& figure = figure_at(release, cell)) {
        RC_ASSERT(*figure >= 10U);
        continue;
      }
      const auto other = another(figures, release, cell);
      RC_ASSERT(other.has_value());
      RC_ASSERT(possible(*other));
      RC_ASSERT(published_the_same(*other, release));
      RC_ASSERT(count_at(*other, release, cell) != count_at(figures, release, cell));
    }
  });
}

TEST_CASE("dropout figures: what the code calls safe is what all possible years say, hole by hole") {
  property("exactly as by trying every year", 300, [] {
    const Figures figures = random_figures(6, 2);
    Release release = protect(figures, 2025, 0);  // everything is published
    std::uint32_t students = 0;
    for (const auto& [name, counts] : figures[0]) students += counts[0] + counts[1] + counts[2];
    for (const Cell& cell : cells_of(release)) {
      if (!*rc::gen::arbitrary<bool>()) continue;
      if (cell.table == dimensions) {
        (cell.profile == profiles ? release.total : release.by_profile[cell.profile]).reset();
      } else {
        ReleasedColumn& column = release.tables[cell.table][cell.column];
        (cell.profile == profiles ? column.total : column.by_profile[cell.profile]).reset();
      }
    }
    const EveryYear every(release, students + 1);
    for (const Cell& cell : cells_of(release)) {
      if (figure_at(release, cell)) continue;
      RC_ASSERT(another(figures, release, cell).has_value() == (every.counts_of(cell).size() > 1));
    }
  });
}

TEST_CASE("dropout figures: leaving out only what is small gives it away, and the check says so") {
  Figures figures;
  figures[0] = {{"hospital", {30, 20, 15}}, {"youth_care", {4, 12, 11}}};
  figures[1] = {{"25655", {34, 32, 26}}};
  figures[2] = {{"1", {34, 32, 26}}};
  Release naive = protect(figures, 2025, 0);
  naive.tables[0][1].by_profile[0].reset();
  CHECK_FALSE(another(figures, naive, {0, 1, 0}));  // 34 - 30
  const Release release = protect(figures, 2025, 10);
  CHECK_FALSE(release.tables[0][1].by_profile[0]);
  CHECK(another(figures, release, {0, 1, 0}));
  const auto left_out = [&](const Cell& cell) { return !figure_at(release, cell); };
  const std::vector<Cell> cells = cells_of(release);
  CHECK(std::count_if(cells.begin(), cells.end(), left_out) == 4);  // a square: no more than it takes
}

TEST_CASE("dropout figures: an even year with large numbers is published whole, a small one not at all") {
  Figures large;
  large[0] = {{"hospital", {30, 20, 15}}, {"youth_care", {14, 12, 11}}};
  large[1] = {{"25655", {44, 32, 26}}};
  large[2] = {{"1", {24, 16, 13}}, {"2", {20, 16, 13}}};
  const Release whole = protect(large, 2025, 10);
  for (const Cell& cell : cells_of(whole)) CHECK(figure_at(whole, cell));
  Figures small;
  small[0] = small[1] = small[2] = {{"x", {3, 2, 0}}};
  const Release nothing = protect(small, 2025, 10);
  for (const Cell& cell : cells_of(nothing)) CHECK_FALSE(figure_at(nothing, cell));
}

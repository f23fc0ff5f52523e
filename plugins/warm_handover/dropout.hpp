// plugins/warm_handover/dropout.hpp: the region's figures on dropouts during placements, so published that no small
// number can be read from them (domain.md 9: cells below ten and their complements, in fixed releases). Pure.
//
// A release has three tables: profile by branch, by programme and by year of study, each with its totals; the totals by
// profile and the grand total are the same in all three. Every figure below the smallest cell is left out, and then as
// many others as it takes: a figure that is left out must not follow from those that are published, not even knowing
// that counts are never negative. That is decided exactly. A table is a network in which each figure is the flow of an
// arc (profile -> column -> total); a figure that is left out can have been another one if and only if a cycle of such
// arcs passes through it along which one student can be moved. Where totals by profile are left out, too, the three
// tables are moved together. Whoever doubts it is given such another region: `another`.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace iro::handover {

inline constexpr std::size_t profiles = 3;  // overload, mismatch, unknown: as events::DropoutProfile counts them
inline constexpr std::size_t dimensions = 3;
inline constexpr std::array<const char*, dimensions> dimension_names{"branch", "programme", "year"};

using Counts = std::array<std::uint32_t, profiles>;
/// Counts by column ("hospital", "25655", "2") of each dimension. Every dropout is in each dimension once.
using Figures = std::array<std::map<std::string, Counts>, dimensions>;

/// One published figure; nothing: left out.
using Figure = std::optional<std::uint32_t>;

struct ReleasedColumn {
  std::string name;
  std::array<Figure, profiles> by_profile;
  Figure total;
  void fields(auto& f) { f(name, by_profile, total); }
};
struct Release {
  std::uint32_t study_year = 0;
  std::uint32_t smallest_cell = 0;
  std::array<std::vector<ReleasedColumn>, dimensions> tables;
  std::array<Figure, profiles> by_profile;
  Figure total;
  void fields(auto& f) { f(study_year, smallest_cell, tables, by_profile, total); }
};

/// Which figure: of dimension `table` and the column at `column`, or of the totals when `table` is `dimensions`;
/// profile == profiles: the total over profiles.
struct Cell {
  std::size_t table = dimensions;
  std::size_t column = 0;
  std::size_t profile = profiles;
  bool operator==(const Cell&) const = default;
};

/// Leave out what is small, and what would give it away.
Release protect(const Figures& figures, std::uint32_t study_year, std::uint32_t smallest_cell);

/// Other figures with the same release, in which `cell`, which is left out, is different; nothing: there are none, and
/// the figure can be recomputed.
std::optional<Figures> another(const Figures& figures, const Release& release, const Cell& cell);

/// All cells of a release, the totals last.
std::vector<Cell> cells_of(const Release& release);
const Figure& figure_at(const Release& release, const Cell& cell);
std::uint32_t count_at(const Figures& figures, const Release& release, const Cell& cell);

}  // namespace iro::handover

// How far the pool has room, told to whoever looks for places: by branch, week and level, without anybody in it.
//
// Counted at the end of an hour in which somebody's seats changed, and said when the weeks of a branch look otherwise
// than was said last, or few of those are left: once an hour at most, however many students are given a supervisor in
// it.
#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "plugins/supervisor_pool/capacity.hpp"
#include "plugins/supervisor_pool/rule.hpp"

namespace iro::pool {

using namespace events;

namespace {

constexpr std::uint8_t any_level = 6;  // the highest there is; who did not say a level is enough for all
constexpr Week least_told_ahead = 40;  // of the weeks that were told; when fewer are left, they are told again
constexpr std::string_view key = "room";

/// What somebody might be asked for: to supervise a student of no school that has teachers of its own here.
Supervision anything_in(Branch branch) {
  Supervision out;
  out.has_branch = true;
  out.branch = branch;
  return out;
}

/// For how high a student's level somebody is free, by week from `first` on.
using Levels = std::vector<std::uint8_t>;

Levels levels_of(const Supervisor& one, Week first, const Config& config) {
  const Supervision anything;
  Levels out(room_weeks, 0);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Week week = first + static_cast<Week>(i);
    if (is_trained(one, anything, week) && free_in(one, week, week, Share::students, config).free > 0)
      out[i] = one.level == 0 ? any_level : std::min(one.level, any_level);
  }
  return out;
}

bool told(const Told& before, const Levels& now, Week first) {
  const auto skip = static_cast<std::size_t>(std::max(0, first - before.from));
  if (before.levels.size() < skip + least_told_ahead) return false;
  const std::size_t both = std::min(before.levels.size() - skip, now.size());
  return std::equal(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(both),
                    before.levels.begin() + static_cast<std::ptrdiff_t>(skip));
}

SupervisionRoomCountedT as_event(Branch branch, const Levels& levels, Week first) {
  SupervisionRoomCountedT out;
  out.branch_code = EnumNameBranch(branch);
  out.branch = branch;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto week = to_week_field(first + static_cast<Week>(i));
    if (out.weeks.empty() || out.weeks.back()->level != levels[i]) {
      out.weeks.push_back(std::make_unique<RoomInWeeksT>());
      out.weeks.back()->from_week = week;
      out.weeks.back()->level = levels[i];
    }
    out.weeks.back()->until_week = week;
  }
  return out;
}

}  // namespace

void SupervisorPool::will_count_room(iro::Effects& effects) const {
  count_room.set(effects, key, std::chrono::floor<std::chrono::hours>(effects.now()) + std::chrono::hours(1), {});
}

void SupervisorPool::room_counted(const iro::Timer&, iro::Effects& effects) const {
  const Week first = week_of(effects.today());
  std::map<Branch, Levels> now;
  std::set<Branch> served;
  for (const Branch branch : EnumValuesBranch()) now.emplace(branch, Levels(room_weeks, 0));
  people.each(effects, [&](std::string_view, const Supervisor& one) {
    if (one.training == SupervisorTraining::none || !right_kind(one, {}, false)) return;
    const Levels own = levels_of(one, first, config);
    for (auto& [branch, levels] : now) {
      if (!has_branch(one, anything_in(branch))) continue;
      served.insert(branch);
      std::ranges::transform(levels, own, levels.begin(), [](auto a, auto b) { return std::max(a, b); });
    }
  });
  for (const auto& [branch, levels] : now) {
    const auto before = room_told.get(effects, EnumNameBranch(branch));
    if (before ? told(*before, levels, first) : !served.contains(branch)) continue;
    room_told.put(effects, EnumNameBranch(branch), {first, levels});
    auto said = as_event(branch, levels, first);
    said.effective_on = iro::to_field(effects.today());
    effects.emit(said);
  }
}

}  // namespace iro::pool

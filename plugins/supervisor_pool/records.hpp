// plugins/supervisor_pool/records.hpp: what the pool remembers. All of it is state in the hub's log: fields are
// permanent, new ones come at the end (iro/archive.hpp).
//
// Supervisor is about a staff member, Places and Told about nobody, everything else about a student: each is kept under
// that person's key and gone when that person is erased. Nothing here says why somebody is absent, and nothing has a
// name or an address.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iro/events/supervision.hpp>
#include <iro/events/supervisor.hpp>
#include <string>
#include <utility>
#include <vector>

#include "plugins/supervisor_pool/weeks.hpp"

namespace iro::pool {

/// Nothing is asked for, and nobody's weeks are known, for longer than two years.
inline constexpr Week most_weeks = 105;

/// What is taken of a supervisor's week.
struct Use {
  Week week = 0;
  std::uint32_t seats = 0;    // of the students' share
  std::uint32_t lateral = 0;  // of the lateral entrants' share
  std::uint32_t minutes = 0;  // of the hours beside contact
  bool operator==(const Use&) const = default;
  void fields(auto& f) { f(week, seats, lateral, minutes); }
};

struct Supervisor {
  std::string person;
  std::string employer;
  events::SupervisorKind kind = events::SupervisorKind::pool_supervisor;
  events::EmploymentForm form = events::EmploymentForm::employed;
  std::uint8_t level = 0;  // of the own training: 1 to 4 or 6; 0 when it was not said
  std::vector<events::Branch> branches;
  std::string area;
  std::uint16_t fte_hundredths = 0;
  std::uint32_t hours_budget = 0;
  bool supernumerary = false;
  Week from = 0;
  Week until = 0;  // 0: no end
  std::uint32_t cost_cents_per_hour = 0;
  events::SupervisorTraining training = events::SupervisorTraining::none;
  std::int32_t valid_until = 0;  // a day; 0: no end
  std::uint16_t peer_groups = 0;
  std::vector<std::pair<Week, std::uint16_t>> said;  // fte of single weeks, in the order of weeks
  Week gone_from = 0;                                // recalled or left; 0: neither
  std::vector<Use> load;                             // in the order of weeks
  void fields(auto& f) {
    f(person, employer, kind, form, level, branches, area, fte_hundredths, hours_budget, supernumerary, from, until,
      cost_cents_per_hour, training, valid_until, peer_groups, said, gone_from, load);
  }

  /// Share of a full-time week in hundredths: 0 in an absence, and before or behind the period.
  [[nodiscard]] std::uint16_t fte_in(Week week) const {
    if (week < from || (until != 0 && week > until) || (gone_from != 0 && week >= gone_from)) return 0;
    const auto at = std::ranges::lower_bound(said, week, {}, &std::pair<Week, std::uint16_t>::first);
    return at != said.end() && at->first == week ? at->second : fte_hundredths;
  }
  [[nodiscard]] Use used_in(Week week) const {
    const auto at = std::ranges::lower_bound(load, week, {}, &Use::week);
    return at != load.end() && at->week == week ? *at : Use{.week = week};
  }
  Use& use(Week week) {
    auto at = std::ranges::lower_bound(load, week, {}, &Use::week);
    if (at == load.end() || at->week != week) at = load.insert(at, Use{.week = week});
    return *at;
  }
};

enum class PartState : std::uint8_t { queued = 0, offered = 1, assigned = 2 };  // permanent: in state

/// Why a part has nobody: what is said when somebody is asked, or nobody can be.
enum class Cause : std::uint8_t {  // permanent: in state
  request = 0,
  own = 1,  // a request for a student who has, or had, a supervisor in the same case
  room = 2,
  decline = 3,
  silence = 4,
  absence = 5,
  recall = 6,
  departure = 7
};

/// Weeks of one supervision that one supervisor has, or that wait for one. Parts follow each other without a gap.
struct Part {
  Week from = 0;
  Week until = 0;
  PartState state = PartState::queued;
  std::string supervisor_id;       // "" in the queue
  std::string instead_of;          // the supervisor who had these weeks first
  std::int32_t respond_by = 0;     // a day, while it is offered
  std::vector<std::string> asked;  // who declined, or did not answer
  Cause cause = Cause::request;
  bool told = false;  // the school knows that it waits, and why
  events::SupervisionRefusalCode why = events::SupervisionRefusalCode::no_capacity;
  void fields(auto& f) { f(from, until, state, supervisor_id, instead_of, respond_by, asked, cause, told, why); }
};

struct Supervision {
  std::string student;
  std::string school;
  std::string provider;
  std::string placement_id;
  std::string handover_id;
  std::string chain_id;
  std::string leg_id;
  events::SupervisionTask task = events::SupervisionTask::supervise;
  std::uint8_t level = 0;
  bool has_branch = false;
  events::Branch branch = events::Branch::other;
  std::string area;
  Week from = 0;
  Week until = 0;
  std::uint16_t minutes = 0;  // a week
  bool lateral = false;
  bool summer = false;
  std::uint32_t order = 0;  // of asking: the queue goes by it
  bool over = false;
  std::vector<Part> parts;
  void fields(auto& f) {
    f(student, school, provider, placement_id, handover_id, chain_id, leg_id, task, level, has_branch, branch, area,
      from, until, minutes, lateral, summer, order, over, parts);
  }

  /// The cases that it belongs to, the one that says most first.
  [[nodiscard]] std::vector<std::string> of_cases() const {
    std::vector<std::string> out;
    if (!chain_id.empty()) out.push_back("chain:" + chain_id);
    if (!placement_id.empty()) out.push_back("placement:" + placement_id);
    if (!handover_id.empty()) out.push_back("handover:" + handover_id);
    return out;
  }
  [[nodiscard]] bool has(std::string_view supervisor) const {
    return std::ranges::any_of(
        parts, [&](const Part& p) { return p.supervisor_id == supervisor || p.instead_of == supervisor; });
  }
};

/// That somebody stands in the queue: by order and week.
struct Waiting {
  std::string supervision_id;
  Week from = 0;
  void fields(auto& f) { f(supervision_id, from); }
};

/// Under "chain:ID", "placement:ID" or "handover:ID" and a supervision: whose it is, and who has had it.
struct Case {
  std::string student;
  std::string supervisor_id;
  void fields(auto& f) { f(student, supervisor_id); }
};

/// Minutes that a supervisor reported for a week, by supervision and task.
struct Hours {
  std::vector<std::tuple<std::string, events::SupervisionTask, std::uint32_t, std::uint32_t>> lines;  // ..., travel
  void fields(auto& f) { f(lines); }
};

/// For so many weeks ahead the pool says whether it has room.
inline constexpr std::size_t room_weeks = 53;
/// What was said last of a branch: for how high a level somebody was free, by week from `from` on.
struct Told {
  Week from = 0;
  std::vector<std::uint8_t> levels;
  void fields(auto& f) { f(from, levels); }
};

/// Seats that a provider offers, in the order of weeks.
struct Places {
  std::string provider;
  std::vector<std::pair<Week, std::uint16_t>> seats;
  void fields(auto& f) { f(provider, seats); }
};

}  // namespace iro::pool

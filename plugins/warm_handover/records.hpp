// plugins/warm_handover/records.hpp: what the rule remembers. The order of fields is permanent (iro/archive.hpp). What
// is known of a student is under that student's key; no record holds a name, a cause, or why a signal was given.
#pragma once

#include <chrono>
#include <cstdint>
#include <iro/events/handover.hpp>
#include <iro/events/meeting.hpp>
#include <iro/events/vacancy.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "calendar.hpp"
#include "states.hpp"

namespace iro::handover {

/// What a place has to offer the student; hours are those that are left, goals those that are open.
struct Need {
  static constexpr unsigned version = 2;
  std::string programme;
  std::uint8_t level = 0;
  std::uint8_t year = 0;
  std::optional<events::LearningPath> path;
  std::map<std::string, std::string> goals;  // code -> text
  std::uint16_t weeks = 0;
  std::uint32_t hours_left = 0;
  std::string area;
  std::optional<sys_days> begin;
  std::vector<events::Shift> shifts;  // in which the student can be there; empty: in all
  void fields(auto& f) {
    f(programme, level, year, path, goals, weeks, hours_left, area, begin);
    f.since(2, shifts);
  }
};

/// An offered place, as its provider said last.
struct Place {
  static constexpr unsigned version = 2;
  std::string provider;
  std::optional<events::Branch> branch;
  std::vector<std::string> programmes;
  std::vector<std::uint16_t> levels;
  std::vector<std::uint16_t> years;
  std::vector<events::LearningPath> paths;
  std::optional<sys_days> begin;
  std::optional<sys_days> end;
  std::map<std::int32_t, std::uint16_t> seats;  // by ISO week; empty: one seat
  std::uint8_t weekdays = 0;                    // a bit a day, Monday first; 0: not said
  std::uint16_t hours_per_week = 0;
  std::vector<std::string> goals;
  std::string company;
  bool trainer_named = false;
  std::uint16_t supervision_minutes = 0;
  std::string area;
  std::vector<events::Shift> shifts;  // empty: not said
  void fields(auto& f) {
    f(provider, branch, programmes, levels, years, paths, begin, end, seats, weekdays, hours_per_week, goals, company,
      trainer_named, supervision_minutes, area);
    f.since(2, shifts);
  }
};

/// How far the pool of supervisors has room in a branch, as it said last.
struct PoolRoom {
  struct Weeks {
    std::int32_t from = 0;  // ISO weeks, both included
    std::int32_t until = 0;
    std::uint8_t level = 0;  // up to which somebody has a free seat; 0: nobody has
    void fields(auto& f) { f(from, until, level); }
  };
  std::vector<Weeks> weeks;
  void fields(auto& f) { f(weeks); }
};

/// A seat that is taken or promised, from and until these days.
struct Booking {
  std::optional<sys_days> from;
  std::optional<sys_days> until;
  void fields(auto& f) { f(from, until); }
};

/// A placement of a student that has not ended.
struct Placed {
  std::string placement;
  std::string student;
  std::string vacancy;
  std::optional<sys_days> from;
  std::optional<sys_days> until;
  std::optional<events::PlacementKind> kind;
  std::uint16_t hours_per_week = 0;
  std::uint8_t weekdays = 0;
  void fields(auto& f) { f(placement, student, vacancy, from, until, kind, hours_per_week, weekdays); }
};

struct Recognition {
  std::string company;
  std::optional<sys_days> from;
  std::optional<sys_days> until;
  std::optional<sys_days> lost;
  bool granted = false;  // its loss may be heard of first
  void fields(auto& f) { f(company, from, until, lost, granted); }
  [[nodiscard]] bool holds_on(sys_days day) const {
    return granted && (!from || *from <= day) && (!until || day <= *until) && (!lost || day < *lost);
  }
};

/// A provider that was asked in this attempt and did not take the student.
struct Asked {
  std::string vacancy;
  std::string provider;
  bool expired = false;
  void fields(auto& f) { f(vacancy, provider, expired); }
};

struct Step {
  Stage stage = Stage::none;
  sys_days on;
  void fields(auto& f) { f(stage, on); }
};

struct Item {
  bool sealed = false;
  bool consented = false;
  bool withdrawn = false;
  bool delivered = false;
  void fields(auto& f) { f(sealed, consented, withdrawn, delivered); }
};

struct Case {
  std::string id;
  std::string student;
  std::string school;
  std::string present_provider;
  std::string placement;  // the present one
  std::optional<events::ReasonClass> reason;
  Need need;
  std::optional<sys_days> respond_by;
  bool sbb_told = false;
  std::uint8_t attempt = 1;
  Stage stage = Stage::none;
  bool destination_may_be_told = false;
  std::vector<std::string> shown;  // vacancies, in the order of rank
  std::string chosen_vacancy;
  std::string chosen_provider;
  Time deadline;  // of the invitation
  std::vector<Asked> asked;
  std::uint16_t providers_asked = 0;  // over all attempts
  std::string provider;               // the one that accepted
  std::string vacancy;
  std::string trainer;  // the provider's own reference
  std::optional<sys_days> begin;
  bool agreement = false;
  bool arrival = false;
  std::string new_placement;
  bool old_open = false;
  bool first_good = false;
  bool last_good = false;
  std::string supervision;
  std::uint32_t minutes_made = 0;  // approved since it was requested
  std::uint8_t reminders = 0;
  std::optional<sys_days> support_until;
  std::vector<Step> history;
  std::map<std::string, Item> items;  // by item and recipient
  void fields(auto& f) {
    f(id, student, school, present_provider, placement, reason, need, respond_by, sbb_told, attempt, stage,
      destination_may_be_told, shown, chosen_vacancy, chosen_provider, deadline, asked, providers_asked, provider,
      vacancy, trainer, begin, agreement, arrival, new_placement, old_open, first_good, last_good, supervision,
      minutes_made, reminders, support_until, history, items);
  }
  [[nodiscard]] bool ended() const { return stage >= Stage::completed && stage <= Stage::cancelled; }
  [[nodiscard]] std::uint32_t hours_left() const {
    const std::uint32_t made = minutes_made / 60;
    return made < need.hours_left ? need.hours_left - made : 0;
  }
};

struct Signal {
  std::string student;
  std::string school;
  Stage stage = Stage::none;
  std::optional<events::ActorRole> owner;
  std::optional<sys_days> next_on;
  std::uint8_t escalations = 0;
  void fields(auto& f) { f(student, school, stage, owner, next_on, escalations); }
};

struct Meeting {
  std::string handover;
  Time begins;
  std::uint16_t minutes = 0;
  std::string place;
  std::uint16_t sequence = 0;
  bool waived = false;
  void fields(auto& f) { f(handover, begins, minutes, place, sequence, waived); }
};

/// About placed students, mbo or not: only mbo has recognition and the replacement duty (WEB 7.2.9 and 7.2.10).
inline bool is_mbo(const Need& need) {
  if (need.path) return *need.path == events::LearningPath::bol || *need.path == events::LearningPath::bbl;
  return need.level >= 1 && need.level <= 4;
}
/// An employee of somebody: the new place takes over the contract, or seconds.
inline bool is_employee(const Need& need) {
  return need.path == events::LearningPath::bbl || need.path == events::LearningPath::hbo_dual;
}

}  // namespace iro::handover

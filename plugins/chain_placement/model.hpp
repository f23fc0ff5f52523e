// plugins/chain_placement/model.hpp: what the rule remembers.
//
// A Chain holds its plan by places in the group, never by person: who has place
// 2 stands in a Participant, under that person's key. After an erasure the chain
// goes on with a place that belongs to nobody. Field orders are permanent
// (iro/archive.hpp). Stations, periods and places in the group count from 1.
#pragma once

#include <algorithm>
#include <array>
#include <iro/events/chain.hpp>
#include <iro/events/hours.hpp>
#include <iro/events/leg.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugins/chain_placement/plan.hpp"
#include "plugins/chain_placement/states.hpp"

namespace iro::chain {

using Minutes = std::array<std::uint16_t, 7>;  // of each day of the week, Monday first
inline constexpr std::uint8_t any = 0;         // in a block: every student, period or station

/// One of the chain's providers. Those behind the first k are in reserve, and count once they have confirmed.
struct Station {
  std::string provider;
  std::uint8_t branch = 255;  // events::Branch; 255: not said
  std::string vacancy;
  std::uint8_t seats = 1;
  std::vector<std::uint8_t> levels;  // any when empty
  std::string company;               // learning company; any of the provider's when empty
  std::vector<std::string> goals;    // codes
  std::vector<Week> closed;
  std::string area;
  bool confirmed = false;
  bool lost = false;  // withdrawn, not recognised any more, or out of the region: nobody is planned here again
  void fields(auto& f) { f(provider, branch, vacancy, seats, levels, company, goals, closed, area, confirmed, lost); }
};

struct Span {
  std::vector<Week> weeks;
  void fields(auto& f) { f(weeks); }
};

/// Seats that are gone from a station in a period.
struct LostSeats {
  std::uint8_t period = 0;
  std::uint8_t station = 0;
  std::uint8_t seats = 0;
  void fields(auto& f) { f(period, station, seats); }
};

struct Leg {
  static constexpr unsigned version = 2;
  std::string id;
  std::uint8_t student = 0;
  std::uint8_t period = 0;
  std::uint8_t station = 0;
  LegState state = LegState::none;
  bool offered = false;
  bool provider_said = false;
  bool school_said = false;
  bool student_said = false;
  bool agreement_final = false;
  bool arrival_confirmed = false;
  bool assessed = false;
  bool hours_settled = false;
  bool ran = false;
  bool handed_over = false;          // superseded by a handover: its weeks are taken elsewhere
  bool waits = false;                // for its handover: another is open (one at a time), or it was refused
  std::vector<std::uint16_t> goals;  // places in the chain's list
  std::string placement;
  std::uint16_t failed = 0;  // events::LegFailCode + 1
  std::uint8_t asks = 0;     // how often its handover was asked for
  void fields(auto& f) {
    f(id, student, period, station, state, offered, provider_said, school_said, student_said, agreement_final,
      arrival_confirmed, assessed, hours_settled, ran, handed_over, waits, goals, placement, failed);
    f.since(2, asks);
  }
  [[nodiscard]] bool ahead() const { return in(detail::ahead); }
  [[nodiscard]] bool under_way() const { return in(detail::under_way); }
  [[nodiscard]] bool ended() const {
    return in(any_of(LegState::closed, LegState::superseded, LegState::released, LegState::ended_early));
  }
  /// It holds its cell of the plan, whatever is planned again.
  [[nodiscard]] bool has_been() const {
    return under_way() || in(any_of(LegState::handed_on, LegState::closed, LegState::ended_early));
  }

 private:
  [[nodiscard]] bool in(std::uint32_t states) const { return (states >> static_cast<unsigned>(state) & 1U) != 0; }
};

struct Chain {
  ChainState state = ChainState::none;
  std::string school;
  std::vector<Station> stations;
  std::string programme;
  std::uint8_t level = 0;
  std::uint8_t year = 0;
  std::uint8_t path = 255;  // events::LearningPath; 255: not said
  std::uint8_t k = 0;
  Week start = 0;
  std::vector<Span> periods;
  std::uint16_t open_weeks = 0;  // opening, legs and closing
  std::uint16_t weeks_per_leg = 0;
  std::uint16_t hours_per_week = 0;
  Minutes day{};                        // what a leg takes of each day of the week
  std::vector<std::string> goals;       // codes
  std::vector<std::string> goal_texts;  // as they were given; of the same length
  std::vector<Cell> plan;               // as it was proposed: what a student who joins is planned by
  std::vector<bool> places;             // of the group: taken or free
  std::vector<Leg> legs;
  std::vector<Cell> blocks;  // where nobody is planned again: a student who cannot, a seat that was declined
  std::vector<LostSeats> lost_seats;
  std::uint32_t legs_planned = 0;
  void fields(auto& f) {
    f(state, school, stations, programme, level, year, path, k, start, periods, open_weeks, weeks_per_leg,
      hours_per_week, day, goals, goal_texts, plan, places, legs, blocks, lost_seats, legs_planned);
  }

  [[nodiscard]] bool over() const { return state == ChainState::closed || state == ChainState::dissolved; }
  [[nodiscard]] bool under_way() const { return state == ChainState::filled || state == ChainState::running; }
  /// WEB 7.2.10 asks a recognition for mbo, and none for hbo.
  [[nodiscard]] bool is_mbo() const {
    const bool mbo_path = path == static_cast<std::uint8_t>(events::LearningPath::bol) ||
                          path == static_cast<std::uint8_t>(events::LearningPath::bbl);
    return path == 255 ? level >= 1 && level <= 4 : mbo_path;
  }
  [[nodiscard]] Station& station_of(const Leg& leg) { return stations[leg.station - 1U]; }
  [[nodiscard]] const Station& station_of(const Leg& leg) const { return stations[leg.station - 1U]; }
  [[nodiscard]] const Span& period_of(const Leg& leg) const { return periods[leg.period - 1U]; }
  [[nodiscard]] Leg* find(std::string_view id) {
    const auto at = std::find_if(legs.begin(), legs.end(), [&](const Leg& leg) { return leg.id == id; });
    return at == legs.end() ? nullptr : &*at;
  }
  [[nodiscard]] bool group_is_full() const {
    return !places.empty() && std::find(places.begin(), places.end(), false) == places.end();
  }
};

// Limits of what is remembered: a value of state has 64 KiB. A chain grows by its legs, a book by its weeks.
inline constexpr std::size_t most_goals = 64;            // proposal_too_large
inline constexpr std::size_t most_proposed = 32U << 10;  // bytes; proposal_too_large
inline constexpr std::size_t most_booked = 60U << 10;    // bytes; what comes then is not counted, and that is told

/// Who has a place in the group.
struct Participant {
  static constexpr unsigned version = 2;
  std::string student;
  std::vector<std::string> reached;  // goals, by code
  bool left = false;  // a chain under way: the place stays theirs, and nothing is asked for them any more
  void fields(auto& f) {
    f(student, reached);
    f.since(2, left);
  }
};

/// Another placement of a student: what it takes of the days of a week. For the hours of a day and a week only.
struct Other {
  std::string student;
  Week from = 0;
  Week until = 0;
  Minutes day{};
  void fields(auto& f) { f(student, from, until, day); }
};

/// Hours of one placement or leg, registered or approved, in any order.
struct HoursBook {
  struct Entry {
    std::uint32_t minutes = 0;
    std::uint8_t field = static_cast<std::uint8_t>(events::PracticeField::other);
    bool approved = false;
    void fields(auto& f) { f(minutes, field, approved); }
  };
  std::string student;
  std::map<std::string, Entry> entries;  // by hours_id
  void fields(auto& f) { f(student, entries); }
  [[nodiscard]] std::uint32_t approved() const {
    std::uint32_t sum = 0;
    for (const auto& [id, entry] : entries) sum += entry.approved ? entry.minutes : 0;
    return sum;
  }
};

/// One placement of a student, as a step of the route through the programme: nothing to do with a chain but that its
/// legs are steps too.
struct Step {
  enum class At : std::uint8_t { planned, running, ended };  // permanent: in state
  std::string student;
  std::string provider;
  std::uint8_t branch = 255;  // events::Branch; 255: not said
  std::uint8_t kind = 255;    // events::PlacementKind; 255: not said
  std::uint8_t year = 0;
  std::int32_t begin = 0;  // days since 1970; 0: not said
  std::int32_t end = 0;
  At at = At::planned;
  void fields(auto& f) { f(student, provider, branch, kind, year, begin, end, at); }
};

/// A handover of a student that has not ended, whoever asked for it.
struct OpenHandover {
  std::string student;
  void fields(auto& f) { f(student); }
};

/// SBB's word on a learning company for a programme.
struct Recognition {
  std::int32_t from = 0;   // days since 1970; 0: always
  std::int32_t until = 0;  // 0: no end
  std::int32_t lost_on = 0;
  void fields(auto& f) { f(from, until, lost_on); }
  [[nodiscard]] bool holds(std::int32_t first, std::int32_t last) const {
    return from <= first && (until == 0 || until >= last) && (lost_on == 0 || lost_on > last);
  }
};

/// A station of a chain is gone: its legs are planned again by the sweep, a station at a time.
struct Loss {
  std::uint8_t station = 0;
  Cause cause = Cause::seat_withdrawn;
  std::vector<std::uint8_t> periods;  // all when empty
  std::uint8_t seats = 0;             // those that are gone, when periods are named
  void fields(auto& f) { f(station, cause, periods, seats); }
};

}  // namespace iro::chain

// A chain as it stands, as the problem that plan.hpp solves; and what several handlers ask.
#include <algorithm>

#include "plugins/chain_placement/rule.hpp"

namespace iro::chain {
namespace {

std::uint8_t closed_in(const Station& station, const Span& period) {
  return static_cast<std::uint8_t>(std::count_if(period.weeks.begin(), period.weeks.end(), [&](Week week) {
    return std::find(station.closed.begin(), station.closed.end(), week) != station.closed.end();
  }));
}

/// Puts `bar` where none stands yet: the first reason is the one that is told.
void bar_all(Problem& problem, std::size_t s, std::size_t p, Bar bar) {
  for (std::size_t t = 0; t < problem.stations; ++t) {
    Bar& at = problem.bars[s][p][t];
    if (at == Bar::none) at = bar;
  }
}

/// Where everybody is and was, and what each still needs.
void place_legs(Problem& problem, const Chain& chain) {
  for (const Leg& leg : chain.legs) {
    const std::size_t s = leg.student - 1U;
    const std::size_t p = leg.period - 1U;
    if (leg.ran && !leg.has_been()) problem.been[s] |= 1U << (leg.station - 1U);
    if (leg.has_been()) {
      problem.before[s][p] = leg.station;
      problem.fixed[s][p] = true;
    } else if (leg.handed_over) {
      bar_all(problem, s, p, Bar::unavailable);
    } else if (leg.state == LegState::failed) {
      ++problem.need[s];
    } else if (leg.ahead()) {
      problem.before[s][p] = leg.station;
      // Too near to be moved: it stays, unless its station is gone, and then it has failed.
      problem.fixed[s][p] = problem.bars[s][p][leg.station - 1U] == Bar::too_near;
      problem.need[s] = static_cast<std::uint8_t>(problem.need[s] + (problem.fixed[s][p] ? 0 : 1));
    }
  }
}

}  // namespace

bool ChainPlacement::is_recognised(const iro::Look& look, const Chain& chain, const Station& station,
                                   const Span& period) const {
  if (!chain.is_mbo()) return true;
  if (!usable(chain.programme) || !usable(station.provider)) return false;
  if (iro::key(station.provider, chain.programme).text().size() > 200) return false;
  const auto known = recognitions.get_or(look, iro::key(station.provider, chain.programme), {});
  const std::int32_t first = iro::to_field(monday_of(period.weeks.front()));
  const std::int32_t last = iro::to_field(monday_of(period.weeks.back()) + std::chrono::days(6));
  return std::any_of(known.begin(), known.end(), [&](const auto& row) {
    return (station.company.empty() || station.company == row.first) && row.second.holds(first, last);
  });
}

Problem ChainPlacement::problem_of(const iro::Look& look, std::string_view id, const Chain& chain) const {
  Problem out;
  out.students = chain.k;
  out.periods = static_cast<std::uint8_t>(chain.periods.size());
  out.stations = static_cast<std::uint8_t>(chain.stations.size());
  const auto near = look.today() + std::chrono::days(7 * config.notice_weeks);
  for (std::size_t t = 0; t < out.stations; ++t) {
    const Station& station = chain.stations[t];
    const bool open = !station.lost && (t < chain.k || station.confirmed);
    const bool level = station.levels.empty() || chain.level == 0 ||
                       std::find(station.levels.begin(), station.levels.end(), chain.level) != station.levels.end();
    for (std::size_t p = 0; p < out.periods; ++p) {
      const Span& period = chain.periods[p];
      out.seats[p][t] = open ? station.seats : 0;
      Bar bar = Bar::none;
      if (chain.under_way() && monday_of(period.weeks.front()) < near) {
        bar = Bar::too_near;
      } else if (closed_in(station, period) > config.lost_weeks) {
        bar = Bar::closed_week;
      } else if (!level) {
        bar = Bar::level;
      } else if (!is_recognised(look, chain, station, period)) {
        bar = Bar::recognition;
      }
      for (std::size_t s = 0; s < out.students; ++s) out.bars[s][p][t] = bar;
    }
  }
  for (const LostSeats& lost : chain.lost_seats) {
    std::uint8_t& seats = out.seats[lost.period - 1U][lost.station - 1U];
    seats = static_cast<std::uint8_t>(seats > lost.seats ? seats - lost.seats : 0);
  }
  place_legs(out, chain);
  for (const Cell& block : chain.blocks) {
    for (std::size_t s = 0; s < out.students; ++s) {
      if (block.student != any && block.student != s + 1) continue;
      for (std::size_t p = 0; p < out.periods; ++p) {
        if (block.period != any && block.period != p + 1) continue;
        for (std::size_t t = 0; t < out.stations; ++t) {
          if (block.station != any && block.station != t + 1) continue;
          if (out.bars[s][p][t] == Bar::none) out.bars[s][p][t] = Bar::unavailable;
        }
      }
    }
  }
  std::vector<std::string> students;
  for (std::uint8_t no = 1; no <= chain.k; ++no) {
    students.push_back(participants.get_or(look, iro::key(id, std::uint32_t{no}), {}).student);
  }
  const auto busy = overbooked(look, id, chain, students);
  for (std::size_t s = 0; s < out.students; ++s) {
    for (std::size_t p = 0; p < out.periods; ++p) {
      if ((busy[s] >> p & 1U) != 0) bar_all(out, s, p, Bar::overbooked);
    }
  }
  return out;
}

std::vector<std::uint32_t> ChainPlacement::overbooked(const iro::Look& look, std::string_view id, const Chain& chain,
                                                      const std::vector<std::string>& students) const {
  using Taken = std::map<Week, std::array<std::uint32_t, 7>>;
  std::map<std::string, Taken, std::less<>> taken;
  for (const std::string& student : students) {
    if (!student.empty()) taken.try_emplace(student);
  }
  std::vector<std::uint32_t> out(students.size(), 0);
  if (taken.empty()) return out;
  const auto take = [](Taken& of, Week week, const Minutes& day) {
    auto& at = of[week];
    for (std::size_t d = 0; d < day.size(); ++d) at[d] += day[d];
  };
  const Week first = chain.periods.front().weeks.front();
  const Week last = chain.periods.back().weeks.back();
  others.each(look, [&](std::string_view, const Other& other) {
    const auto of = taken.find(other.student);
    if (of == taken.end()) return;
    for (Week week = std::max(first, other.from); week <= std::min(last, other.until); ++week) {
      take(of->second, week, other.day);
    }
  });
  participants.each(look, [&](std::string_view key, const Participant& who) {
    const std::size_t slash = key.rfind('/');  // the chain's id as it stands in a key, and the place in the group
    const auto of = taken.find(who.student);
    if (of == taken.end() || iro::Key(id).text() == key.substr(0, slash)) return;
    std::uint32_t no = 0;
    for (const char digit : key.substr(slash + 1)) no = no * 10 + static_cast<std::uint32_t>(digit - '0');
    const auto other = chains.get(look, id_of(key.substr(0, slash)));
    for (std::size_t i = 0; other && i < other->legs.size(); ++i) {
      const Leg& leg = other->legs[i];
      if (leg.student != no || leg.ended()) continue;
      for (const Week week : other->period_of(leg).weeks) take(of->second, week, other->day);
    }
  });
  for (std::size_t s = 0; s < students.size(); ++s) {
    const auto of = taken.find(students[s]);
    for (std::size_t p = 0; of != taken.end() && p < chain.periods.size(); ++p) {
      for (const Week week : chain.periods[p].weeks) {
        const auto at = of->second.find(week);
        if (at == of->second.end()) continue;  // a chain's own hours are refused with its proposal
        std::uint32_t sum = 0;
        for (std::size_t d = 0; d < chain.day.size(); ++d) {
          const std::uint32_t minutes = at->second[d] + chain.day[d];
          if (minutes > 60U * config.hours_per_day && chain.day[d] != 0) out[s] |= 1U << p;
          sum += minutes;
        }
        if (sum > 60U * config.most_hours_per_week) out[s] |= 1U << p;
      }
    }
  }
  return out;
}

bool ChainPlacement::speaks_for(const iro::Look& look, const iro::Event& event, std::string_view member) const {
  return event.sender() == member || members.has_role(look, event.sender(), "bureau");
}

Minutes ChainPlacement::over_days(std::uint32_t hours_per_week, const flatbuffers::Vector<events::Weekday>* days) {
  std::array<bool, 7> on{};
  std::uint32_t count = 0;
  for (flatbuffers::uoffset_t i = 0; days != nullptr && i < days->size(); ++i) {
    const auto day = static_cast<std::size_t>(days->Get(i));
    if (day < on.size()) on[day] = true;
  }
  if (std::find(on.begin(), on.end(), true) == on.end()) on = {true, true, true, true, true, false, false};
  for (const bool day : on) count += day ? 1 : 0;
  Minutes out{};
  const std::uint32_t each = (60 * std::min<std::uint32_t>(hours_per_week, 168) + count - 1) / count;
  for (std::size_t d = 0; d < out.size(); ++d) out[d] = static_cast<std::uint16_t>(on[d] ? each : 0);
  return out;
}

}  // namespace iro::chain

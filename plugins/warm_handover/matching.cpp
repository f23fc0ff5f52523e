#include "matching.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "iro/plugin.hpp"

namespace iro::handover {
namespace {

constexpr std::uint8_t working_days = 0b0011111;

template <typename T>
bool accepts(const std::vector<T>& list, const T& one) {
  return list.empty() || std::find(list.begin(), list.end(), one) != list.end();
}

bool is_area(std::string_view area) {
  return area.size() == 4 && std::all_of(area.begin(), area.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool meet(const std::optional<sys_days>& from, const std::optional<sys_days>& until, sys_days first, sys_days last) {
  return (!from || *from <= last) && (!until || first <= *until);
}

bool at_the_same_time(const Load& a, const Load& b) {
  return (!a.from || !b.until || *a.from <= *b.until) && (!b.from || !a.until || *b.from <= *a.until);
}

std::uint8_t days_of(const Load& load) { return load.weekdays == 0 ? working_days : load.weekdays; }

/// Rounded up: a part of an hour is an hour of somebody's day.
std::uint32_t hours_a_day(const Load& load) {
  const auto n = static_cast<std::uint32_t>(__builtin_popcount(days_of(load)));
  return (load.hours_per_week + n - 1) / n;
}

std::string list_of(const std::vector<events::Shift>& shifts, bool dutch) {
  constexpr std::array<std::pair<const char*, const char*>, 3> names{
      {{"dag", "day"}, {"avond", "evening"}, {"nacht", "night"}}};
  std::string out;
  for (const events::Shift shift : shifts) {
    const auto& [nl, en] = names[std::min<std::size_t>(static_cast<std::size_t>(shift), names.size() - 1)];
    out += words(out.empty() ? "" : ", ", dutch ? nl : en);
  }
  return out;
}

std::unique_ptr<events::CandidateReasonT> reason(std::string code, std::string nl, std::string en) {
  auto out = std::make_unique<events::CandidateReasonT>();
  out->code = std::move(code);
  out->text = std::move(nl);
  out->text_en = std::move(en);
  return out;
}

std::vector<std::unique_ptr<events::GoalT>> goals_of(const std::map<std::string, std::string>& from) {
  std::vector<std::unique_ptr<events::GoalT>> out;
  for (const auto& [code, text] : from) {
    out.push_back(std::make_unique<events::GoalT>());
    out.back()->code = code;
    out.back()->text = text;
  }
  return out;
}

}  // namespace

std::optional<Rule> misfit(const Place& place, const Need& need) {
  const bool fits = (need.programme.empty() || accepts(place.programmes, need.programme)) &&
                    (need.level == 0 || accepts<std::uint16_t>(place.levels, need.level)) &&
                    (need.year == 0 || accepts<std::uint16_t>(place.years, need.year)) &&
                    (!need.path || is_employee(need) || accepts(place.paths, *need.path));
  if (!fits) return Rule::vacancy_does_not_fit;
  if (is_employee(need) && (place.paths.empty() || !accepts(place.paths, *need.path))) return Rule::contract_missing;
  const bool both_say = !place.shifts.empty() && !need.shifts.empty();
  if (both_say && std::none_of(place.shifts.begin(), place.shifts.end(),
                               [&](events::Shift shift) { return accepts(need.shifts, shift); }))
    return Rule::shifts_do_not_fit;
  return std::nullopt;
}

std::uint8_t travel_band(std::string_view from, std::string_view to) {
  if (!is_area(from) || !is_area(to)) return 5;
  const auto differs = std::mismatch(from.begin(), from.end(), to.begin()).first;
  return static_cast<std::uint8_t>(4 - (differs - from.begin()));
}

std::uint16_t free_weeks(const Place& place, const std::vector<Booking>& taken, const Need& need, sys_days begin) {
  std::uint16_t free = 0;
  sys_days monday = monday_of(begin);
  for (std::uint16_t week = 0; week < need.weeks; ++week, monday += days(7)) {
    const sys_days sunday = monday + days(6);
    if (!meet(place.begin, place.end, monday, sunday)) continue;
    const auto at = place.seats.find(iso_week(monday));
    const int unsaid = place.seats.empty() ? 1 : 0;
    const int seats = at != place.seats.end() ? at->second : unsaid;
    const auto used = std::count_if(taken.begin(), taken.end(),
                                    [&](const Booking& one) { return meet(one.from, one.until, monday, sunday); });
    if (used < seats) ++free;
  }
  return free;
}

std::optional<PoolWeeks> pool_weeks(const std::optional<PoolRoom>& room, const Need& need, sys_days begin) {
  if (!room) return std::nullopt;
  PoolWeeks out;
  sys_days monday = monday_of(begin);
  for (std::uint16_t week = 0; week < need.weeks; ++week, monday += days(7)) {
    const std::int32_t number = iso_week(monday);
    const auto told = std::find_if(room->weeks.begin(), room->weeks.end(), [&](const PoolRoom::Weeks& weeks) {
      return weeks.from <= number && number <= weeks.until;
    });
    if (told == room->weeks.end()) continue;
    ++out.told;
    if (told->level != 0 && told->level >= need.level) ++out.free;
  }
  return out.told == 0 ? std::nullopt : std::optional(out);
}

std::optional<Rule> too_many_hours(const Load& added, const std::vector<Load>& others, const Limits& limits) {
  std::uint32_t week = added.hours_per_week;
  std::array<std::uint32_t, 7> day{};
  const auto add = [&day](const Load& load) {
    for (std::size_t i = 0; i < day.size(); ++i) {
      if ((days_of(load) >> i & 1) != 0) day[i] += hours_a_day(load);
    }
  };
  add(added);
  bool beside = false;
  for (const Load& other : others) {
    if (!at_the_same_time(added, other)) continue;
    beside = true;
    week += other.hours_per_week;
    add(other);
  }
  if (!beside) return std::nullopt;  // what one place asks by itself is between the agreement and the law
  if (week > limits.hours_week) return Rule::too_many_hours_week;
  if (*std::max_element(day.begin(), day.end()) > limits.hours_day) return Rule::too_many_hours_day;
  return std::nullopt;
}

Candidate candidate_of(std::string vacancy, Place place, const Need& need, std::uint16_t weeks_free,
                       std::optional<PoolWeeks> pool, std::uint16_t least_supervision_minutes) {
  Candidate out;
  out.vacancy = std::move(vacancy);
  out.weeks_free = weeks_free;
  out.band = travel_band(need.area, place.area);
  out.supervised = place.trainer_named && place.supervision_minutes >= least_supervision_minutes;
  for (const auto& [code, text] : need.goals) {
    const bool here = std::find(place.goals.begin(), place.goals.end(), code) != place.goals.end();
    (here ? out.served : out.missing).emplace(code, text);
  }
  if (!need.shifts.empty()) {
    for (const events::Shift shift : place.shifts)
      (accepts(need.shifts, shift) ? out.shifts_possible : out.shifts_not).push_back(shift);
  }
  out.pool = pool;
  out.place = std::move(place);
  return out;
}

bool before(const Candidate& a, const Candidate& b) {
  const auto rank = [](const Candidate& c) {
    const int pool = c.supervised || !c.pool ? 0 : -static_cast<int>(c.pool->free);
    return std::tuple(-static_cast<int>(c.served.size()), -static_cast<int>(c.weeks_free), c.shifts_not.size(),
                      static_cast<int>(c.band), c.supervised ? 0 : 1, pool, std::string_view(c.vacancy));
  };
  return rank(a) < rank(b);
}

events::CandidateT proposal_of(const Candidate& candidate, const Need& need, std::uint16_t rank) {
  constexpr std::array<std::pair<const char*, const char*>, 6> near{
      {{"zelfde postcodegebied", "the same postcode area"},
       {"naastgelegen postcodegebied", "a neighbouring postcode area"},
       {"zelfde postcodestreek", "the same postcode district"},
       {"zelfde postcoderegio", "the same postcode region"},
       {"andere postcoderegio", "another postcode region"},
       {"afstand onbekend", "distance unknown"}}};
  events::CandidateT out;
  out.rank = rank;
  out.vacancy_id = candidate.vacancy;
  out.candidate_provider = candidate.place.provider;
  out.branch = candidate.place.branch;
  out.goals_served = goals_of(candidate.served);
  out.goals_missing = goals_of(candidate.missing);
  out.weeks_free = candidate.weeks_free;
  out.travel_band = candidate.band;
  const std::size_t served = candidate.served.size();
  out.reasons.push_back(reason("goals", words(served, " van ", need.goals.size(), " open leerdoelen kunnen hier"),
                               words(served, " of ", need.goals.size(), " open goals can be reached here")));
  out.reasons.push_back(reason("level",
                               words("niveau ", need.level, ", jaar ", need.year, " en leerweg worden aangenomen"),
                               words("level ", need.level, ", year ", need.year, " and learning path are accepted")));
  out.reasons.push_back(reason("weeks", words(candidate.weeks_free, " van ", need.weeks, " weken vrij"),
                               words(candidate.weeks_free, " of ", need.weeks, " weeks free")));
  if (!candidate.shifts_possible.empty()) {
    const std::string not_nl = list_of(candidate.shifts_not, true);
    const std::string not_en = list_of(candidate.shifts_not, false);
    out.reasons.push_back(reason("shifts",
                                 words("diensten die kunnen: ", list_of(candidate.shifts_possible, true),
                                       not_nl.empty() ? "" : "; die niet kunnen: ", not_nl),
                                 words("shifts that are possible: ", list_of(candidate.shifts_possible, false),
                                       not_en.empty() ? "" : "; that are not: ", not_en)));
  }
  const auto& [nl, en] = near[std::min<std::size_t>(candidate.band, near.size() - 1)];
  out.reasons.push_back(reason("travel", words(nl, " (naar postcode, niet naar reistijd)"),
                               words(en, " (by postcode, not by travel time)")));
  out.reasons.push_back(
      candidate.supervised
          ? reason("supervision", words(candidate.place.supervision_minutes, " minuten begeleiding per week toegezegd"),
                   words(candidate.place.supervision_minutes, " minutes of supervision a week guaranteed"))
          : reason("supervision_thin", "begeleiding niet of krap toegezegd", "supervision not guaranteed, or little"));
  if (const auto& pool = candidate.pool)
    out.reasons.push_back(reason("pool",
                                 words("de begeleiderspoule heeft in ", pool->free, " van ", pool->told,
                                       " weken iemand vrij van dit niveau of hoger"),
                                 words("the supervisor pool has somebody of this level or above free in ", pool->free,
                                       " of ", pool->told, " weeks")));
  if (is_mbo(need)) out.reasons.push_back(reason("recognition", "erkend leerbedrijf", "a recognised learning company"));
  if (is_employee(need))
    out.reasons.push_back(reason("contract", "contract of detachering kan", "a contract or secondment is possible"));
  return out;
}

}  // namespace iro::handover

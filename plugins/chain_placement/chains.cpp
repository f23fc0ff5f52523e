// The handlers of chain.*: a chain is proposed, confirmed by its providers, filled by students, dissolved.
#include <algorithm>
#include <set>

#include "plugins/chain_placement/work.hpp"

namespace iro::chain {
namespace {

template <typename List, typename Visit>
void each_of(const List* list, Visit visit) {
  for (flatbuffers::uoffset_t i = 0; list != nullptr && i < list->size(); ++i) visit(*list->Get(i));
}

std::vector<std::string> codes_of(const flatbuffers::Vector<flatbuffers::Offset<events::Goal>>* goals) {
  std::vector<std::string> out;
  each_of(goals, [&](const events::Goal& goal) {
    const std::string code(iro::str(goal.code()));
    if (!code.empty() && std::find(out.begin(), out.end(), code) == out.end()) out.push_back(code);
  });
  return out;
}

/// The weeks of periods; false when one of them is no week, or more than a chain can last.
template <typename Into>
bool weeks_of(const flatbuffers::Vector<flatbuffers::Offset<events::ChainPeriod>>* periods, Into into) {
  bool good = true;
  each_of(periods, [&](const events::ChainPeriod& period) {
    const auto from = from_field(period.from_week());
    const auto until = period.until_week() == 0 ? from : from_field(period.until_week());
    if (!from || !until || *until < *from || *until - *from > static_cast<Week>(most_weeks)) {
      good = false;
      return;
    }
    for (Week week = *from; week <= *until; ++week) into(week);
  });
  return good;
}

/// The stations: as many as the group at least, and those of the rotation of different branches.
std::optional<iro::Verdict> read_stations(const events::ChainProposed& said, Chain& chain) {
  const std::size_t count = said.stations()->size();
  if (said.group_size() < 2 || said.group_size() > most_students || count < said.group_size() ||
      count > most_stations) {
    return refuse(Rule::group_size_wrong);
  }
  chain.k = static_cast<std::uint8_t>(said.group_size());
  std::set<std::string> providers;
  std::set<std::uint8_t> branches;
  bool weeks = true;
  each_of(said.stations(), [&](const events::ChainStation& from) {
    Station station;
    station.provider = iro::str(from.provider());
    if (from.branch()) station.branch = static_cast<std::uint8_t>(*from.branch());
    station.vacancy = iro::str(from.vacancy_id());
    station.seats = static_cast<std::uint8_t>(std::clamp<unsigned>(from.seats(), 1, most_students));
    for (flatbuffers::uoffset_t i = 0; from.levels() != nullptr && i < from.levels()->size(); ++i) {
      station.levels.push_back(static_cast<std::uint8_t>(from.levels()->Get(i)));
    }
    station.company = iro::str(from.learning_company_id());
    station.goals = codes_of(from.goals());
    weeks = weeks_of(from.closed_weeks(), [&](Week week) { station.closed.push_back(week); }) && weeks;
    station.area = iro::str(from.area());
    providers.insert(station.provider);
    if (chain.stations.size() < chain.k) branches.insert(station.branch);
    chain.stations.push_back(std::move(station));
  });
  if (!weeks) return refuse(Rule::week_unknown);
  if (providers.size() != count) return refuse(Rule::provider_twice);
  if (branches.size() != chain.k) return refuse(Rule::branches_not_different);
  return std::nullopt;
}

std::optional<iro::Verdict> read_weeks(const events::ChainProposed& said, Chain& chain) {
  Layout layout;
  const auto start = from_field(said.starts_in_week());
  const bool known = weeks_of(said.school_closed_weeks(), [&](Week week) { layout.closed.insert(week); });
  if (!start || !known) return refuse(Rule::week_unknown);
  const std::size_t legs = std::size_t{chain.k} + said.catch_up_legs();
  if (legs > most_periods) return refuse(Rule::weeks_wrong);
  layout.start = *start;
  layout.opening = said.opening_weeks();
  layout.per_leg = said.weeks_per_leg();
  layout.closing = said.closing_weeks();
  layout.legs = static_cast<std::uint8_t>(legs);
  const Calendar calendar = lay_out(layout);
  if (calendar.periods.empty()) return refuse(Rule::weeks_wrong);
  for (const Period& period : calendar.periods) chain.periods.push_back({period.weeks});
  chain.start = *start;
  chain.open_weeks = static_cast<std::uint16_t>(calendar.weeks);
  chain.weeks_per_leg = said.weeks_per_leg();
  return std::nullopt;
}

Rule rule_of(const Finding& finding) {
  switch (finding.rule) {
    case Broken::outside:
      return Rule::plan_outside;
    case Broken::student_twice:
      return Rule::plan_student_twice;
    case Broken::over_capacity:
      return Rule::plan_over_capacity;
    case Broken::station_twice:
      return Rule::plan_station_twice;
    case Broken::incomplete:
      return Rule::plan_incomplete;
    case Broken::barred:
      break;
  }
  if (finding.bar == Bar::level) return Rule::plan_level_not_accepted;
  if (finding.bar == Bar::recognition) return Rule::plan_recognition_missing;
  return Rule::plan_closed_week;
}

iro::Text at_cell(const Cell& cell) {
  if (cell.period == 0) return {.nl = iro::words("student ", cell.student), .en = iro::words("student ", cell.student)};
  return {.nl = iro::words("student ", cell.student, ", periode ", cell.period, ", plek ", cell.station),
          .en = iro::words("student ", cell.student, ", period ", cell.period, ", station ", cell.station)};
}

/// The plan made by hand, checked; or the machine's: the rotation, with as few exceptions as the closed weeks ask.
std::optional<iro::Verdict> make_plan(const events::ChainProposed& said, Problem problem, Chain& chain) {
  for (std::size_t s = 0; s < chain.k; ++s) problem.need[s] = chain.k;
  if (said.seats() != nullptr && said.seats()->size() > 0) {
    each_of(said.seats(), [&](const events::ChainSeat& seat) {
      const auto small = [](std::uint16_t n) { return static_cast<std::uint8_t>(std::min<std::uint16_t>(n, 255)); };
      chain.plan.push_back({small(seat.student_no()), small(seat.period_no()), small(seat.station_no())});
    });
    const auto broken = examine(problem, chain.plan);
    if (!broken.empty()) return refuse(rule_of(broken.front()), at_cell(broken.front().cell));
    return std::nullopt;
  }
  problem.before = rotation(chain.k);
  const Plan plan = replan(problem);
  if (plan.unplanned > 0) {
    // The first cell of the rotation that cannot be is where a person begins to look.
    for (std::uint8_t p = 0; p < chain.k; ++p) {
      for (std::uint8_t s = 0; s < chain.k; ++s) {
        const std::uint8_t t = problem.before[s][p];
        const Bar bar = problem.bars[s][p][t - 1U];
        if (bar == Bar::none) continue;
        const Cell cell{static_cast<std::uint8_t>(s + 1), static_cast<std::uint8_t>(p + 1), t};
        return refuse(bar == Bar::closed_week ? Rule::no_plan_possible : rule_of({Broken::barred, cell, bar}),
                      at_cell(cell));
      }
    }
    return refuse(Rule::no_plan_possible);
  }
  chain.plan = seats_of(plan.cells);
  return std::nullopt;
}

}  // namespace

iro::Verdict ChainPlacement::proposed(const events::ChainProposed& said, const iro::Event& event,
                                      iro::Effects& fx) const {
  const std::string school(iro::str(said.school()));
  if (!usable_for_chain(event.subject())) return refuse(Rule::chain_id_unusable);
  if (chains.has(fx, event.subject())) return refuse(Rule::chain_exists);
  if (!speaks_for(fx, event, school)) return refuse(Rule::not_their_word);
  Chain chain;
  chain.school = school;
  chain.programme = iro::str(said.programme());
  chain.level = said.level();
  chain.year = said.year();
  if (said.learning_path()) chain.path = static_cast<std::uint8_t>(*said.learning_path());
  if (auto no = read_stations(said, chain)) return *no;
  if (auto no = read_weeks(said, chain)) return *no;
  chain.hours_per_week = said.hours_per_week() == 0 ? config.hours_per_week : said.hours_per_week();
  chain.day = over_days(chain.hours_per_week, said.days());
  const bool long_day = std::any_of(chain.day.begin(), chain.day.end(),
                                    [&](std::uint16_t minutes) { return minutes > 60U * config.hours_per_day; });
  if (long_day || chain.hours_per_week > config.most_hours_per_week) return refuse(Rule::student_overbooked);
  const auto fill_until = monday_of(chain.start) - std::chrono::days(7 * config.fill_weeks);
  if (fill_until <= event.today()) return refuse(Rule::starts_too_soon);
  each_of(said.goals(), [&](const events::Goal& goal) {
    const std::string code(iro::str(goal.code()));
    if (code.empty() || std::find(chain.goals.begin(), chain.goals.end(), code) != chain.goals.end()) return;
    chain.goals.push_back(code);
    chain.goal_texts.emplace_back(iro::str(goal.text()));
  });
  if (chain.goals.size() > most_goals || iro::archive::encode(chain).size() > most_proposed) {
    return refuse(Rule::proposal_too_large);
  }
  if (auto no = make_plan(said, problem_of(fx, event.subject(), chain), chain)) return *no;
  chain.places.assign(chain.k, false);

  const auto respond_by =
      said.respond_by() == 0 ? event.today() + std::chrono::days(config.respond_days) : iro::date_of(said.respond_by());
  confirm_by.set(fx, event.subject(), respond_by + std::chrono::days(1), {});
  fill_by.set(fx, event.subject(), fill_until, {});
  std::string unserved;
  for (const std::string& code : chain.goals) {
    const bool served = std::any_of(chain.stations.begin(), chain.stations.end(), [&](const Station& station) {
      return std::find(station.goals.begin(), station.goals.end(), code) != station.goals.end();
    });
    if (!served && unserved.size() < 400) unserved += (unserved.empty() ? "" : ", ") + code;
  }
  Work work(*this, fx, event.subject(), std::move(chain));
  work.step(Cause::proposed);
  if (!unserved.empty()) {
    work.tell({.nl = iro::words("Leerdoelen die nergens in de keten aan bod komen: ", unserved, "."),
               .en = iro::words("Goals that no station of the chain serves: ", unserved, ".")});
  }
  work.save();
  return iro::accept();
}

namespace {

/// Why this is not for the sender to say of the chain: it is unknown or over, of another school, or neither the one
/// whose word it is (the provider that the event names, else the school) nor the bureau sent it.
template <typename Table>
std::optional<iro::Verdict> not_theirs(const ChainPlacement& rule, const std::optional<Chain>& found, const Table& said,
                                       const iro::Event& event, iro::Effects& fx) {
  if (!found) return refuse(Rule::chain_unknown);
  if (found->over()) return refuse(Rule::chain_ended);
  if (iro::str(said.school()) != found->school) return refuse(Rule::other_school);
  std::string_view speaker = found->school;
  if constexpr (requires { said.provider(); }) speaker = iro::str(said.provider());
  if (!rule.speaks_for(fx, event, speaker)) return refuse(Rule::not_their_word);
  return std::nullopt;
}

}  // namespace

iro::Verdict ChainPlacement::confirmed(const events::ChainConfirmed& said, const iro::Event& event,
                                       iro::Effects& fx) const {
  auto found = find_chain(fx, event.subject());
  if (const auto wrong = not_theirs(*this, found, said, event, fx)) return *wrong;
  Work work(*this, fx, event.subject(), std::move(*found));
  auto& stations = work.chain.stations;
  const auto at = std::find_if(stations.begin(), stations.end(),
                               [&](const Station& station) { return station.provider == iro::str(said.provider()); });
  if (at == stations.end()) return refuse(Rule::other_provider);
  at->confirmed = true;
  const bool all = std::all_of(stations.begin(), stations.begin() + work.chain.k,
                               [](const Station& station) { return station.confirmed; });
  if (all && work.step(Cause::providers_confirmed)) confirm_by.cancel(fx, event.subject());
  work.fill();
  work.save();
  return iro::accept();
}

iro::Verdict ChainPlacement::joined(const events::ChainStudentJoined& said, const iro::Event& event,
                                    iro::Effects& fx) const {
  auto found = find_chain(fx, event.subject());
  if (const auto wrong = not_theirs(*this, found, said, event, fx)) return *wrong;
  Work work(*this, fx, event.subject(), std::move(*found));
  Chain& chain = work.chain;
  for (std::uint8_t no = 1; no <= chain.k; ++no) {
    const auto& who = work.participant(no);
    if (who && who->student == event.person()) return refuse(Rule::student_joined_already);
  }
  if (chain.group_is_full() || chain.under_way()) return refuse(Rule::group_full);
  std::size_t no = said.student_no();
  if (no == 0) {
    no =
        static_cast<std::size_t>(std::find(chain.places.begin(), chain.places.end(), false) - chain.places.begin()) + 1;
  }
  if (no > chain.k || chain.places[no - 1]) return refuse(Rule::student_no_taken);
  const std::uint32_t busy = overbooked(fx, event.subject(), chain, {std::string(event.person())}).front();
  for (const Cell& cell : chain.plan) {
    if (cell.student == no && (busy >> (cell.period - 1U) & 1U) != 0) {
      return refuse(Rule::student_overbooked,
                    {.nl = iro::words("periode ", cell.period), .en = iro::words("period ", cell.period)});
    }
  }
  chain.places[no - 1] = true;
  work.put(static_cast<std::uint8_t>(no), {std::string(event.person()), {}});
  work.plan_student(static_cast<std::uint8_t>(no));
  work.fill();
  work.save();
  return iro::accept();
}

iro::Verdict ChainPlacement::left(const events::ChainStudentLeft& said, const iro::Event& event,
                                  iro::Effects& fx) const {
  auto found = find_chain(fx, event.subject());
  if (const auto wrong = not_theirs(*this, found, said, event, fx)) return *wrong;
  Work work(*this, fx, event.subject(), std::move(*found));
  for (std::uint8_t no = 1; no <= work.chain.k; ++no) {
    const auto& who = work.participant(no);
    if (!who || who->student != event.person()) continue;
    work.release(no, Cause::student_left, events::LegReleaseCode::student_left, true);
    if (!work.chain.under_way()) {  // the place in the group is free for somebody else
      work.chain.places[no - 1U] = false;
      participants.remove(fx, iro::key(event.subject(), std::uint32_t{no}));
    } else {
      Participant gone = *who;
      gone.left = true;
      work.put(no, gone);
    }
    work.end_if_over();
    work.save();
    return iro::accept();
  }
  return refuse(Rule::student_not_in_chain);
}

iro::Verdict ChainPlacement::dissolved(const events::ChainDissolved& said, const iro::Event& event,
                                       iro::Effects& fx) const {
  if (event.source().ends_with(":systeem:plugin-chain-placement"))
    return iro::accept();  // what this rule has said itself
  auto found = find_chain(fx, event.subject());
  if (const auto wrong = not_theirs(*this, found, said, event, fx)) return *wrong;
  Work work(*this, fx, event.subject(), std::move(*found));
  work.dissolve(Cause::dissolved_by_people, events::ChainDissolveCode::agreed_by_all, false);
  work.save();
  return iro::accept();
}

void ChainPlacement::not_confirmed(const iro::Timer& timer, iro::Effects& fx) const {
  auto found = find_chain(fx, id_of(timer.key()));
  if (!found || found->state != ChainState::proposed) return;
  Work work(*this, fx, id_of(timer.key()), std::move(*found));
  work.dissolve(Cause::not_confirmed_in_time, events::ChainDissolveCode::not_confirmed, true);
  work.save();
}

void ChainPlacement::not_filled(const iro::Timer& timer, iro::Effects& fx) const {
  auto found = find_chain(fx, id_of(timer.key()));
  if (!found || (found->state != ChainState::proposed && found->state != ChainState::confirmed)) return;
  Work work(*this, fx, id_of(timer.key()), std::move(*found));
  const bool confirmed = work.chain.state == ChainState::confirmed;
  work.dissolve(confirmed ? Cause::not_filled_in_time : Cause::not_confirmed_in_time,
                confirmed ? events::ChainDissolveCode::not_filled : events::ChainDissolveCode::not_confirmed, true);
  work.save();
}

}  // namespace iro::chain

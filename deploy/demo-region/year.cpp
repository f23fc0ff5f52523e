#include "deploy/demo-region/year.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "deploy/demo-region/dice.hpp"
#include "hub/base/assert.hpp"
#include "hub/base/clock.hpp"

namespace iro::demo {
namespace {

using Texts = std::span<const std::string_view>;

// The study year 2026-2027, without the holidays at its ends.
std::int32_t day(int year, int month, int day_of_month) { return *days_from_date(year, month, day_of_month); }
Period autumn() { return {day(2026, 8, 31), day(2027, 1, 29)}; }
Period spring() { return {day(2027, 2, 1), day(2027, 7, 2)}; }
Period whole_year() { return {day(2026, 8, 31), day(2027, 7, 2)}; }
int weeks_of(const Period& period) { return (period.until - period.from + 1) / 7; }

constexpr std::array<std::string_view, 9> wards = {"Noord",  "Cliëntenhof", "De Linde", "’t Anker",    "Begane grond",
                                                   "Team 3", "Reünie",      "Poli",     "Wijk Centrum"};
constexpr std::array<std::string_view, 9> notes = {"",
                                                   "",
                                                   "",
                                                   "",
                                                   "Reiskosten € 0,23 per km",
                                                   "Let op: \"rustige\" start;\nwerkkleding is aanwezig",
                                                   "Overleg elke maandag, 10:00 uur",
                                                   "=HYPERLINK(\"https://voorbeeld.invalid\";\"klik\")",
                                                   "@team: sleutel ophalen bij de receptie"};

// Words of the mapping files (adapters/files/mappings).
constexpr std::array<std::string_view, 4> actions = {"gesprek met student", "gesprek met praktijkopleider",
                                                     "extra begeleiding", "doelen aanpassen"};
constexpr std::array<std::string_view, 3> author_roles = {"mentor", "slb", "stagecoördinator"};
constexpr std::array<std::string_view, 6> reasons = {"dreigende uitval",        "dreigende uitval",
                                                     "begeleiding onvoldoende", "begeleiding afwezig",
                                                     "plaats niet beschikbaar", "andere omstandigheden"};

/// A number of the test range 999..., the next one that passes the eleven-test of a BSN.
std::string next_personal_number(std::uint32_t& last) {
  for (;;) {
    const std::string digits = fmt::format("{:09}", ++last);
    int sum = -(digits[8] - '0');
    for (int i = 0; i < 8; ++i) sum += (9 - i) * (digits[static_cast<std::size_t>(i)] - '0');
    if (sum % 11 == 0) return digits;
  }
}

class Planner {
 public:
  Planner(const Region& region, std::uint64_t seed) : region_(region), dice_(seed) {
    for (const std::size_t school : region.with_role(Role::school))
      for (const std::string& code : region.members[school].programmes) schools_by_programme_[code].push_back(school);
  }

  Year plan(std::size_t placements) {
    offer(placements);
    fill(placements);
    ask();
    worry();
    return std::move(year_);
  }

 private:
  /// Vacancies: each provider's share of the seats, a twelfth more than there are placements.
  void offer(std::size_t placements) {
    const std::vector<std::size_t> providers = region_.with_role(Role::provider);
    std::size_t shares = 0;
    for (const std::size_t p : providers) shares += region_.members[p].share;
    IRO_ASSERT(shares > 0, "load_region has seen to it that each provider has a share");
    for (const std::size_t p : providers) {
      const std::size_t wanted = (placements * 13 * region_.members[p].share + 12 * shares - 1) / (12 * shares);
      std::size_t seats = 0;
      for (int n = 1; seats < wanted; ++n) {
        year_.vacancies.push_back(vacancy(p, n, wanted - seats));
        seats += static_cast<std::size_t>(year_.vacancies.back().seats);
      }
    }
  }

  Vacancy vacancy(std::size_t provider, int n, std::size_t seats_left) {
    const Member& member = region_.members[provider];
    const Programme& programme =
        region_.programmes.at(dice_.one_of(std::span(region_.branch_programmes.at(member.branch))));
    Vacancy v;
    v.provider = provider;
    v.number = fmt::format("V{:05}", n);
    v.programme = programme.code;
    v.level = programme.level;
    v.learning_path = programme.level == 6 ? (dice_.percent(15) ? "duaal" : "voltijd")
                                           : (dice_.percent(programme.level < 4 ? 35 : 25) ? "bbl" : "bol");
    v.first_year = dice_.between(1, programme.years);
    v.last_year = dice_.between(v.first_year, programme.years);
    v.seats = static_cast<int>(std::min<std::size_t>(seats_left, static_cast<std::size_t>(dice_.between(1, 6))));
    const bool employed = v.learning_path == "bbl" || v.learning_path == "duaal";
    v.period = employed ? whole_year() : dice_.percent(50) ? autumn() : spring();
    v.hours_a_week = dice_.between(4, 8) * 4;
    v.ward = dice_.one_of(Texts(wards));
    v.ward_kind = dice_.percent(10) ? "leerafdeling" : dice_.percent(4) ? "ZIC" : "regulier";
    v.trainer = fmt::format("PO-{:03}", 1 + dice_.below(1 + member.share));
    v.supervision_minutes = dice_.between(2, 6) * 60;
    v.note = dice_.one_of(Texts(notes));
    return v;
  }

  /// Placements: seats in random order, each to a student of a school that teaches the programme.
  void fill(std::size_t placements) {
    std::vector<std::size_t> seats;
    for (std::size_t v = 0; v < year_.vacancies.size(); ++v) {
      seats.insert(seats.end(), static_cast<std::size_t>(year_.vacancies[v].seats), v);
    }
    dice_.shuffle(seats);
    seats.resize(placements);
    // Autumn first, so that spring can find students who have done autumn.
    std::stable_sort(seats.begin(), seats.end(), [this](std::size_t a, std::size_t b) {
      return year_.vacancies[a].period.from < year_.vacancies[b].period.from;
    });
    for (const std::size_t v : seats) year_.placements.push_back(placement(v));
  }

  Placement placement(std::size_t vacancy_index) {
    const Vacancy& v = year_.vacancies[vacancy_index];
    Placement p;
    p.vacancy = vacancy_index;
    p.student = student_for(v);
    p.number = fmt::format("S{:06}", year_.placements.size() + 1);
    // In the field about half of the agreements are drawn up after the start.
    p.signed_on = v.period.from + dice_.between(-45, 30);
    p.hours = v.hours_a_week * weeks_of(v.period);
    if (dice_.percent(4)) p.ended = v.period.from + dice_.between(14, v.period.until - v.period.from - 1);
    return p;
  }

  std::size_t student_for(const Vacancy& v) {
    const std::size_t school = draw_school(v.programme);
    std::vector<std::size_t>& waiting = after_autumn_[{school, v.programme, v.learning_path}];
    if (v.period.from == spring().from && !waiting.empty() && dice_.percent(60)) {
      const std::size_t student = waiting.back();
      waiting.pop_back();
      return student;
    }
    Student s;
    s.school = school;
    s.number = fmt::format("{}", 1'000'000 + year_.students.size() * 7);
    s.personal_number = next_personal_number(last_personal_number_);
    s.programme = v.programme;
    s.learning_path = v.learning_path;
    s.year = dice_.between(v.first_year, v.last_year);
    year_.students.push_back(std::move(s));
    if (v.period.until == autumn().until) waiting.push_back(year_.students.size() - 1);
    return year_.students.size() - 1;
  }

  std::size_t draw_school(const std::string& programme) {
    const std::vector<std::size_t>& schools = schools_by_programme_.at(programme);
    std::vector<unsigned> weights;
    weights.reserve(schools.size());
    for (const std::size_t school : schools) weights.push_back(region_.members[school].share);
    return schools[dice_.weighted(weights)];
  }

  /// Demand: what each school needed, counted from its placements, and a little more than was found.
  void ask() {
    std::map<std::tuple<std::size_t, std::string, std::string, int, std::int32_t, std::int32_t>, int> counts;
    for (const Placement& p : year_.placements) {
      const Student& s = year_.students[p.student];
      const Period& period = year_.vacancies[p.vacancy].period;
      ++counts[{s.school, s.programme, s.learning_path, s.year, period.from, period.until}];
    }
    std::map<std::size_t, int> numbers;
    for (const auto& [key, count] : counts) {
      const auto& [school, programme, path, year, from, until] = key;
      year_.demands.push_back({school,
                               fmt::format("D{:04}", ++numbers[school]),
                               programme,
                               region_.programmes.at(programme).level,
                               path,
                               year,
                               {from, until},
                               count + count / 25 + 1});
    }
  }

  /// Of a hundred students three worry somebody; of those one in three moves on. No cause is known to this program
  /// either.
  void worry() {
    std::map<std::size_t, int> signals;
    std::map<std::size_t, int> handovers;
    for (std::size_t i = 0; i < year_.placements.size(); ++i) {
      const Placement& p = year_.placements[i];
      const std::size_t school = year_.students[p.student].school;
      const Period& period = year_.vacancies[p.vacancy].period;
      // One of each at least, also in the smallest year.
      if (!dice_.percent(3) && !(i == 0 && year_.signals.empty())) continue;
      const std::int32_t raised = period.from + dice_.between(10, 80);
      year_.signals.push_back({i, fmt::format("R{:04}", ++signals[school]),
                               std::string(dice_.one_of(Texts(author_roles))),
                               std::string(dice_.one_of(Texts(actions))), raised, raised + 7});
      if (!dice_.percent(33) && !year_.handovers.empty()) continue;
      year_.handovers.push_back({i, fmt::format("O{:04}", ++handovers[school]),
                                 std::string(dice_.one_of(Texts(reasons))), raised + 10, dice_.between(4, 16)});
    }
  }

  const Region& region_;
  Dice dice_;
  Year year_;
  std::map<std::string, std::vector<std::size_t>> schools_by_programme_;
  std::map<std::tuple<std::size_t, std::string, std::string>, std::vector<std::size_t>> after_autumn_;
  std::uint32_t last_personal_number_ = 999'500'000;
};

}  // namespace

std::optional<std::size_t> placements_of_size(std::string_view size) {
  if (size == "tiny") return 200;
  if (size == "S") return 5'000;
  if (size == "M") return 20'000;
  if (size == "L") return 48'658;
  return std::nullopt;
}

Year plan_year(const Region& region, std::size_t placements, std::uint64_t seed) {
  return Planner(region, seed).plan(placements);
}

}  // namespace iro::demo

// Concern: days and weeks, which places fit, their order, hours beside other placements, the calendar file. Plan: known
// values, and properties with values counted in another way.
#include "plugins/warm_handover/matching.hpp"

#include <algorithm>

#include "plugins/warm_handover/invite_file.hpp"
#include "plugins/warm_handover/tests/property.hpp"

namespace {
using namespace iro::handover;
using iro::events::LearningPath;
using iro::events::Shift;
using tests::property;
namespace chrono = std::chrono;

constexpr sys_days monday = chrono::year(2026) / 9 / 7;

Need some_need() {
  Need need;
  need.programme = "25656";
  need.level = 3;
  need.year = 2;
  need.path = LearningPath::bol;
  need.goals = {{"g1", ""}, {"g2", ""}, {"g3", ""}};
  need.weeks = 10;
  need.area = "6811";
  return need;
}
Place some_place() {
  Place place;
  place.provider = "home-b";
  place.programmes = {"25656"};
  place.levels = {3, 4};
  place.years = {2};
  place.paths = {LearningPath::bol};
  return place;
}

/// Another way to the ISO week: count the Thursdays of the year.
std::int32_t week_by_counting(sys_days day) {
  const sys_days monday_here = day - days(chrono::weekday(day).iso_encoding() - 1);
  const auto year = chrono::year_month_day(monday_here + days(3)).year();
  int week = 0;
  for (sys_days d = sys_days(year / 1 / 1); d <= monday_here + days(3); d += days(1)) {
    if (chrono::weekday(d) == chrono::Thursday) ++week;
  }
  return int{year} * 100 + week;
}

}  // namespace

TEST_CASE("calendar: ISO weeks, at the edges of years and in one of 53 weeks") {
  CHECK(iso_week(chrono::year(2026) / 1 / 1) == 202601);
  CHECK(iso_week(chrono::year(2024) / 12 / 30) == 202501);
  CHECK(iso_week(chrono::year(2027) / 1 / 3) == 202653);
  CHECK(iso_week(chrono::year(2027) / 1 / 4) == 202701);
  property("as by counting Thursdays", 300, [] {
    const sys_days day = sys_days(chrono::year(2000) / 1 / 1) + days(*rc::gen::inRange(0, 40'000));
    RC_ASSERT(iso_week(day) == week_by_counting(day));
  });
}

TEST_CASE("matching: a misfit has its rule") {
  const Need need = some_need();
  CHECK_FALSE(misfit(some_place(), need));
  Place place = some_place();
  place.levels = {4};
  CHECK(misfit(place, need) == Rule::vacancy_does_not_fit);
  place = some_place();
  place.programmes = {"25655"};
  CHECK(misfit(place, need) == Rule::vacancy_does_not_fit);
  place = some_place();
  place.paths = {LearningPath::hbo_dual};
  CHECK(misfit(place, need) == Rule::vacancy_does_not_fit);
  Need employee = need;
  employee.path = LearningPath::bbl;
  CHECK(misfit(some_place(), employee) == Rule::contract_missing);
  place = some_place();
  place.paths.clear();  // any path is fine for a student, but does not say that somebody can be employed
  CHECK_FALSE(misfit(place, need));
  CHECK(misfit(place, employee) == Rule::contract_missing);
}

TEST_CASE("matching: shifts count where both sides say theirs") {
  Need need = some_need();
  Place place = some_place();
  need.shifts = {Shift::day};
  CHECK_FALSE(misfit(place, need));  // the place has not said
  place.shifts = {Shift::night};
  CHECK(misfit(place, need) == Rule::shifts_do_not_fit);
  place.shifts = {Shift::day, Shift::night};
  CHECK_FALSE(misfit(place, need));
  const Candidate partly = candidate_of("va-1", place, need, 10, {}, 30);
  CHECK(partly.shifts_possible == std::vector{Shift::day});
  CHECK(partly.shifts_not == std::vector{Shift::night});
  place.shifts = {Shift::day};
  CHECK(before(candidate_of("va-2", place, need, 10, {}, 30), partly));  // though its id stands behind
  need.shifts.clear();
  place.shifts = {Shift::night};
  CHECK_FALSE(misfit(place, need));  // the student can always be there
  CHECK(candidate_of("va-3", place, need, 10, {}, 30).shifts_not.empty());
}

TEST_CASE("matching: the pool's room counts by week and level, where no trainer is named") {
  Need need = some_need();  // ten weeks at level 3, from 2026-W37 on
  CHECK_FALSE(pool_weeks({}, need, monday));
  const std::optional<PoolRoom> room = PoolRoom{{{202630, 202638, 3}, {202639, 202640, 2}, {202641, 202705, 6}}};
  const auto free = [&](const std::optional<PoolRoom>& told) { return pool_weeks(told, need, monday)->free; };
  CHECK(free(room) == 8);  // W39 and W40 are for level 2 only
  need.level = 4;
  CHECK(free(room) == 6);
  need.weeks = 40;  // 22 of them, up to W05, are told
  CHECK(free(room) == 18);
  CHECK(pool_weeks(room, need, monday)->told == 22);
  CHECK_FALSE(pool_weeks(room, need, monday + days(365)));
  need = some_need();
  CHECK(free(PoolRoom{{{202630, 202705, 0}}}) == 0);

  Place place = some_place();
  const Candidate unknown = candidate_of("va-1", place, need, 10, {}, 30);
  const Candidate some = candidate_of("va-2", place, need, 10, PoolWeeks{4, 10}, 30);
  const Candidate more = candidate_of("va-3", place, need, 10, PoolWeeks{9, 10}, 30);
  place.trainer_named = true;
  place.supervision_minutes = 60;
  const Candidate trainer = candidate_of("va-4", place, need, 10, {}, 30);
  CHECK(before(trainer, more));
  CHECK(before(more, some));
  CHECK(before(some, unknown));
}

TEST_CASE("matching: nearness is by leading digits, the same both ways") {
  CHECK(travel_band("6811", "6811") == 0);
  CHECK(travel_band("6811", "6815") == 1);
  CHECK(travel_band("6811", "6900") == 3);
  CHECK(travel_band("6811", "1011") == 4);
  CHECK(travel_band("6811", "") == 5);
  property("symmetric", 200, [] {
    const auto area = [] { return std::to_string(*rc::gen::inRange(1000, 10'000)); };
    const std::string a = area();
    const std::string b = area();
    RC_ASSERT(travel_band(a, b) == travel_band(b, a));
    RC_ASSERT((travel_band(a, b) == 0) == (a == b));
  });
}

TEST_CASE("matching: free weeks are the weeks with a seat that nobody has") {
  Need need = some_need();
  Place place = some_place();
  CHECK(free_weeks(place, {}, need, monday) == 10);
  place.end = monday + days(20);
  CHECK(free_weeks(place, {}, need, monday) == 3);
  place.end.reset();
  CHECK(free_weeks(place, {{monday, monday + days(13)}}, need, monday) == 8);
  place.seats = {{202637, 2}, {202638, 1}};
  CHECK(free_weeks(place, {{monday, monday + days(13)}}, need, monday) == 1);
  property("a booking more never frees a week", 200, [need, place] {
    Place offered = place;
    for (std::int32_t week = 202637; week < 202647; ++week)
      offered.seats[week] = static_cast<std::uint16_t>(*rc::gen::inRange(0, 4));
    std::vector<Booking> taken;
    std::uint16_t before = free_weeks(offered, taken, need, monday);
    for (int i = 0; i < 6; ++i) {
      const sys_days from = monday + days(*rc::gen::inRange(-10, 70));
      taken.push_back({from, from + days(*rc::gen::inRange(0, 40))});
      const std::uint16_t after = free_weeks(offered, taken, need, monday);
      RC_ASSERT(after <= before);
      before = after;
    }
  });
}

TEST_CASE("matching: candidates have one order, goals before all else") {
  property("a strict total order", 300, [] {
    const auto candidate = [](const char* id) {
      Place place = some_place();
      for (const char* goal : {"g1", "g2", "g3"}) {
        if (*rc::gen::arbitrary<bool>()) place.goals.emplace_back(goal);
      }
      place.area = *rc::gen::element<std::string>("6811", "6815", "1011", "");
      place.trainer_named = *rc::gen::arbitrary<bool>();
      place.supervision_minutes = 60;
      Need need = some_need();
      const auto some_shifts = [] {
        std::vector<Shift> out;
        for (const Shift shift : {Shift::day, Shift::evening, Shift::night}) {
          if (*rc::gen::arbitrary<bool>()) out.push_back(shift);
        }
        return out;
      };
      place.shifts = some_shifts();
      need.shifts = some_shifts();
      std::optional<PoolWeeks> pool;
      if (const auto free = *rc::gen::maybe(rc::gen::inRange<std::uint16_t>(0, 11))) pool = PoolWeeks{*free, 10};
      return candidate_of(id, place, need, static_cast<std::uint16_t>(*rc::gen::inRange(8, 11)), pool, 30);
    };
    const Candidate a = candidate("va-1");
    const Candidate b = candidate("va-2");
    const Candidate c = candidate("va-3");
    RC_ASSERT(before(a, b) != before(b, a));
    RC_ASSERT(!before(a, a));
    RC_ASSERT(!(before(a, b) && before(b, c)) || before(a, c));
    if (a.served.size() > b.served.size()) RC_ASSERT(before(a, b));
    RC_ASSERT(a.served.size() + a.missing.size() == 3U);
  });
}

TEST_CASE("matching: hours are added up over what runs at the same time") {
  const Load one{monday, monday + days(60), 24, 0};
  const Limits limits{40, 10};
  CHECK_FALSE(too_many_hours(one, {}, limits));
  CHECK_FALSE(too_many_hours(one, {{monday, monday + days(60), 16, 0}}, limits));
  CHECK(too_many_hours(one, {{monday, monday + days(60), 17, 0}}, limits) == Rule::too_many_hours_week);
  CHECK_FALSE(too_many_hours(one, {{monday + days(61), monday + days(90), 40, 0}}, limits));
  CHECK(too_many_hours({monday, {}, 8, 1}, {{monday, {}, 4, 1}}, limits) == Rule::too_many_hours_day);
  CHECK_FALSE(too_many_hours({monday, {}, 8, 1}, {{monday, {}, 4, 2}}, limits));
  CHECK(too_many_hours({}, {{{}, {}, 41, 0}}, limits) == Rule::too_many_hours_week);  // no dates: always
}

TEST_CASE("calendar file: lines end as RFC 5545 wants, are folded, and times are UTC") {
  Meeting meeting;
  meeting.begins = iro::Time(monday) + chrono::hours(11) + chrono::minutes(30);
  meeting.minutes = 45;
  meeting.sequence = 2;
  meeting.place = "Kamer 3, vleugel \xC3\xA9\xC3\xA9n; naast de receptie van het gebouw waar de afdeling geriatrie is";
  const std::string file = invite_file("me-1", meeting, iro::Time(monday));
  CHECK(file.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"));
  CHECK(file.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"));
  CHECK(file.find("DTSTART:20260907T113000Z\r\n") != std::string::npos);
  CHECK(file.find("DTEND:20260907T121500Z\r\n") != std::string::npos);
  CHECK(file.find("SEQUENCE:2\r\n") != std::string::npos);
  CHECK(file.find("LOCATION:Kamer 3\\, vleugel") != std::string::npos);
  std::string unfolded;
  for (std::size_t from = 0; from < file.size();) {
    const std::size_t to = file.find("\r\n", from);
    REQUIRE(to != std::string::npos);
    CHECK(to - from <= 75);
    CHECK((static_cast<unsigned char>(file[from]) & 0xC0) != 0x80);
    const bool more = file[from] == ' ';
    unfolded += (more ? "" : "\n") + file.substr(from + (more ? 1 : 0), to - from - (more ? 1 : 0));
    from = to + 2;
  }
  CHECK(unfolded.find("naast de receptie van het gebouw waar de afdeling geriatrie is") != std::string::npos);
  meeting.waived = true;
  CHECK(invite_file("me-1", meeting, iro::Time(monday)).find("STATUS:CANCELLED") != std::string::npos);
}

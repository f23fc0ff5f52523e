// Concern: seats, shares, weeks and distance as the domain has them. Plan: by hand, without a region.
#include "plugins/supervisor_pool/capacity.hpp"

#include "plugins/supervisor_pool/travel.hpp"
#include "tests/catch.hpp"

namespace {
using namespace iro::pool;
using namespace iro::events;

constexpr Week some_week = 2'960;

Supervisor whole() {
  Supervisor one;
  one.fte_hundredths = 100;
  one.training = SupervisorTraining::basic;
  return one;
}
}  // namespace

TEST_CASE("capacity: an fte has 40 seats, 2 for lateral entrants beside them, and 16 hours beside contact") {
  const Room room = room_in(whole(), some_week, {});
  CHECK(room.seats == 40);
  CHECK(room.lateral == 2);
  CHECK(room.minutes == 16 * 60);
}

TEST_CASE("capacity: the least of 40 an fte, contact hours and hours budget binds") {
  Supervisor one = whole();
  Config config;
  one.fte_hundredths = 50;
  CHECK(room_in(one, some_week, config).seats == 20);
  one.hours_budget = 200;  // 200 h / (0.5 h x 40 weeks)
  CHECK(room_in(one, some_week, config).seats == 10);
  config.interval_weeks = 2;
  CHECK(room_in(one, some_week, config).seats == 20);
  one.hours_budget = 0;
  CHECK(room_in(one, some_week, config).seats == 20);  // the hours would suffice for 40
  config.interval_weeks = 1;
  config.minutes_per_contact = 60;
  CHECK(room_in(one, some_week, config).seats == 10);
}

TEST_CASE("capacity: absent, before, behind, gone, or in a ward's roster there are no seats") {
  Supervisor one = whole();
  one.from = some_week;
  one.until = some_week + 10;
  one.said = {{some_week + 3, 0}, {some_week + 4, 50}};
  one.gone_from = some_week + 8;
  CHECK(room_in(one, some_week - 1, {}).seats == 0);
  CHECK(room_in(one, some_week, {}).seats == 40);
  CHECK(room_in(one, some_week + 3, {}).seats == 0);
  CHECK(room_in(one, some_week + 4, {}).seats == 20);
  CHECK(room_in(one, some_week + 8, {}).seats == 0);
  CHECK(room_in(one, some_week + 11, {}).seats == 0);
  one = whole();
  one.kind = SupervisorKind::mentor;
  CHECK(room_in(one, some_week, {}).seats == 0);
  one.supernumerary = true;
  CHECK(room_in(one, some_week, {}).seats == 40);
}

TEST_CASE("capacity: what is taken is free again") {
  Supervisor one = whole();
  Supervision row;
  row.minutes = 45;
  CHECK(seats_of(row, {}) == 2);
  occupy(one, row, some_week, some_week + 2, {});
  CHECK(free_in(one, some_week - 1, some_week + 2, Share::students, {}).free == 38);
  CHECK(free_in(one, some_week + 3, some_week + 3, Share::students, {}).free == 40);
  release(one, row, some_week, some_week + 2, {});
  CHECK(free_in(one, some_week, some_week + 2, Share::students, {}).free == 40);
  row.lateral = true;
  CHECK(share_of(row) == Share::lateral);
  row.task = SupervisionTask::three_way_talk;
  CHECK(share_of(row) == Share::minutes);
  CHECK(seats_of(row, {}) == 45);
}

TEST_CASE("capacity: a task is in the role or it is not") {
  CHECK(in_role(SupervisionTask::supervise));
  CHECK(in_role(SupervisionTask::assess_together));
  CHECK_FALSE(in_role(SupervisionTask::ward_supervision));
  CHECK_FALSE(in_role(SupervisionTask::recruitment));
}

TEST_CASE("weeks: ISO weeks and their numbers are each other's inverse, in years of 52 and of 53 weeks") {
  for (Week week = week_from_field(202001); week < week_from_field(203301); ++week) {
    CHECK(week_from_field(to_week_field(week)) == week);
    CHECK(week_of(monday_of(week)) == week);
    CHECK(week_of(monday_of(week) + std::chrono::days(6)) == week);
  }
  CHECK(monday_of(week_from_field(202653)) == std::chrono::sys_days(std::chrono::year(2026) / 12 / 28));
  CHECK(week_from_field(202653) + 1 == week_from_field(202701));
  CHECK(week_from_field(202753) == 0);
  CHECK(week_from_field(202700) == 0);
  CHECK(week_from_field(0) == 0);
  CHECK(week_from_field(-5) == 0);
  CHECK(week_text(week_from_field(202605)) == "2026-W05");
}

TEST_CASE("travel: the more digits two postcodes share, the nearer; what is no postcode is neither near nor far") {
  CHECK(travel_minutes("6511", "6511", {}) == 5);
  CHECK(travel_minutes("6511", "6519", {}) == 10);
  CHECK(travel_minutes("6511", "6525", {}) == 20);
  CHECK(travel_minutes("6511", "6821", {}) == 45);
  CHECK(travel_minutes("6511", "9711", {}) == 120);
  CHECK(travel_minutes("", "9711", {}) == 45);
  CHECK(travel_minutes("0511", "9711", {}) == 45);
  CHECK(travel_minutes("65A1", "6511", {}) == 45);
  Config config;
  config.travel_minutes = {"1", "x", "700", "9"};
  config.read_travel();
  CHECK(travel_minutes("6511", "6511", config.travel) == 1);
  CHECK(travel_minutes("6511", "6519", config.travel) == 10);
  CHECK(travel_minutes("6511", "6525", config.travel) == 20);
  CHECK(travel_minutes("6511", "6821", config.travel) == 9);
}

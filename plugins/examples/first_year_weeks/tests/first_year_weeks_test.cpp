#include <dlfcn.h>

#include <iro/events/first_year_weeks.hpp>
#include <iro/events/handover.hpp>
#include <iro/events/hub.hpp>
#include <iro/events/placement.hpp>
#include <iro/testing.hpp>

#include "tests/catch.hpp"

namespace {
using namespace iro::events;
using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::weeks;

constexpr sys_days monday = std::chrono::year(2026) / 9 / 7;

struct Region : iro::testing::Bench {
  explicit Region(std::string_view settings = "{}", const iro_entry& entry = iro_plugin_entry)
      : Bench(entry, settings) {
    enrol("practice-a", Branch::general_practice);
    enrol("hospital-a", Branch::hospital);
  }
  void enrol(const char* slug, Branch branch) {
    MemberEnrolledT enrolled;
    enrolled.member = slug;
    enrolled.name = slug;
    enrolled.roles = {"care_provider"};
    enrolled.branches = {branch};
    REQUIRE(say(enrolled, {.sender = "operator"}).ok());
  }
  auto invite(const char* provider, std::uint8_t year, std::uint16_t for_weeks) {
    HandoverInvitedT invited;
    invited.handover_id = "ho-1";
    invited.school = "school-a";
    invited.provider = provider;
    invited.year = year;
    invited.weeks = for_weeks;
    return say(invited);
  }
  auto found(sys_days from, sys_days until) {
    PlacementSelfFoundT found;
    found.placement_id = "pl-1";
    found.student = "pseudo-0001";
    found.school = "school-a";
    found.branch = Branch::general_practice;
    found.year = 1;
    found.begin_on = iro::to_field(from);
    found.planned_end_on = iro::to_field(until);
    return say(found);
  }
  auto interrupt(sys_days on) {
    PlacementInterruptedT interrupted;
    interrupted.placement_id = "pl-1";
    interrupted.student = "pseudo-0001";
    interrupted.school = "school-a";
    interrupted.interrupted_on = iro::to_field(on);
    return say(interrupted);
  }
  auto resume(sys_days on, sys_days until) {
    PlacementResumedT resumed;
    resumed.placement_id = "pl-1";
    resumed.student = "pseudo-0001";
    resumed.school = "school-a";
    resumed.resumed_on = iro::to_field(on);
    resumed.planned_end_on = iro::to_field(until);
    return say(resumed);
  }
};

constexpr sys_days last_day = monday + weeks(6) - days(1);

}  // namespace

TEST_CASE("first-year-weeks: six weeks in a general practice are fine, seven are not") {
  Region region;
  CHECK(region.invite("practice-a", 1, 6).accepted());
  const auto outcome = region.invite("practice-a", 1, 7);
  CHECK(outcome.rejected("first_year_too_long"));
  CHECK(outcome.why.en == "A general practice takes a first-year for 6 weeks at most.");
}

TEST_CASE("first-year-weeks: it is about first-years and about general practices") {
  Region region;
  CHECK(region.invite("practice-a", 2, 20).accepted());
  CHECK(region.invite("hospital-a", 1, 20).accepted());
  CHECK(region.invite("nobody-knows", 1, 20).accepted());
}

TEST_CASE("first-year-weeks: a practice that changes its branch is judged by the new one") {
  Region region;
  MemberChangedT changed;
  changed.member = "practice-a";
  changed.branches = {Branch::hospital};
  region.say(changed, {.sender = "operator"});
  CHECK(region.invite("practice-a", 1, 20).accepted());
}

TEST_CASE("first-year-weeks: the number of weeks is the region's") {
  Region region(R"({"most_weeks": 8})");
  CHECK(region.invite("practice-a", 1, 8).accepted());
  CHECK(region.invite("practice-a", 1, 9).rejected("first_year_too_long"));
}

TEST_CASE("first-year-weeks: a place that the student found counts by its dates") {
  Region region;
  CHECK(region.found(monday, last_day).accepted());
  CHECK(region.found(monday, last_day + days(1)).rejected("first_year_too_long"));
}

TEST_CASE("first-year-weeks: a pause moves the last day, and a restart forgets nothing") {
  Region region;
  region.found(monday, last_day);
  region.interrupt(monday + weeks(2));
  region.restart();
  CHECK(region.resume(monday + weeks(4), last_day + weeks(2) + days(1)).rejected("first_year_too_long"));
  CHECK(region.resume(monday + weeks(4), last_day + weeks(2)).accepted());
  CHECK(region.show("stays") == R"({"columns":["placement","school","last_day"],"rows":[["pl-1","school-a",")" +
                                    iro::iso(last_day + weeks(2)) + "\"]]}");
}

TEST_CASE("first-year-weeks: when the last day has passed, school and bureau are told, once") {
  Region region;
  region.found(monday, last_day);
  const auto rung = region.advance(weeks(20));
  REQUIRE(rung.size() == 1);
  const auto said = rung[0].emitted<PlacementOverstayedT>();
  REQUIRE(said.size() == 1);
  CHECK(said[0].school == "school-a");
  CHECK(said[0].last_day == iro::to_field(last_day));
  CHECK(rung[0].notes.size() == 1);
}

TEST_CASE("first-year-weeks: nothing is said of a stay that ended, or of a person who was erased") {
  Region region;
  region.found(monday, last_day);
  SECTION("ended") {
    PlacementEndedT ended;
    ended.placement_id = "pl-1";
    ended.student = "pseudo-0001";
    ended.school = "school-a";
    region.say(ended);
  }
  SECTION("erased") { region.erase("pseudo-0001"); }
  CHECK(region.timers().empty());
  CHECK(region.advance(weeks(20)).empty());
  for (const auto& [key, value] : region.state()) {
    CHECK(value.person.empty());
    CHECK(value.bytes.find("pseudo-0001") == std::string::npos);
  }
}

TEST_CASE("first-year-weeks: the shared object is the same rule as the static twin") {
  void* object = dlopen(IRO_PLUGIN_OBJECT, RTLD_NOW | RTLD_LOCAL);
  INFO(IRO_PLUGIN_OBJECT);
  REQUIRE(object != nullptr);
  const auto* entry = static_cast<const iro_entry*>(dlsym(object, IRO_ENTRY_SYMBOL));
  REQUIRE(entry != nullptr);
  CHECK(entry != &iro_plugin_entry);
  CHECK(std::string(entry->id) == "first-year-weeks");
  CHECK(std::string(entry->version) == iro_plugin_entry.version);
  {
    Region region("{}", *entry);
    CHECK(region.invite("practice-a", 1, 6).accepted());
    CHECK(region.invite("practice-a", 1, 7).rejected("first_year_too_long"));
    CHECK(region.found(monday, last_day).accepted());
    CHECK(region.advance(weeks(20)).size() == 1);
  }
  dlclose(object);
}

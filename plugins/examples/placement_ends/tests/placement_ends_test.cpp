// Concern: the example rule: who is told of a placement that ended early, or whose end nobody reported, and what is
// refused. Plan: against the static twin, on the bench of the SDK; the shared object last.
#include <dlfcn.h>

#include <iro/events/placement.hpp>
#include <iro/events/placement_ends.hpp>
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
      : Bench(entry, settings) {}
  auto adopt(sys_days planned_end) {
    PlacementAdoptedT adopted;
    adopted.placement_id = "pl-1";
    adopted.student = "pseudo-0001";
    adopted.school = "school-a";
    adopted.begin_on = iro::to_field(monday);
    adopted.planned_end_on = iro::to_field(planned_end);
    return say(adopted);
  }
  auto end(sys_days on) {
    PlacementEndedT ended;
    ended.placement_id = "pl-1";
    ended.student = "pseudo-0001";
    ended.school = "school-a";
    ended.ended_on = iro::to_field(on);
    return say(ended);
  }
};

}  // namespace

TEST_CASE("placement-ends: two weeks after the planned end its school is told, once") {
  Region region;
  CHECK(region.adopt(monday + weeks(10)).accepted());
  const auto rung = region.advance(weeks(60));
  REQUIRE(rung.size() == 1);
  const auto said = rung[0].emitted<PlacementUnfinishedT>();
  REQUIRE(said.size() == 1);
  CHECK(said[0].school == "school-a");
  CHECK(said[0].planned_end_on == iro::to_field(monday + weeks(10)));
  CHECK(said[0].effective_on >= iro::to_field(monday + weeks(12) + days(1)));
}

TEST_CASE("placement-ends: nothing is said of what ended, or of a person who was erased") {
  Region region;
  region.adopt(monday + weeks(10));
  SECTION("ended") { CHECK(region.end(monday + weeks(9)).emits.empty()); }
  SECTION("erased") { region.erase("pseudo-0001"); }
  CHECK(region.timers().empty());
  CHECK(region.advance(weeks(60)).empty());
}

TEST_CASE("placement-ends: four weeks before the planned end is early") {
  Region region;
  region.adopt(monday + weeks(10));
  const auto said = region.end(monday + weeks(6)).emitted<PlacementEndedEarlyT>();
  REQUIRE(said.size() == 1);
  CHECK(said[0].ended_on == iro::to_field(monday + weeks(6)));
  CHECK(said[0].student == "pseudo-0001");
}

TEST_CASE("placement-ends: how long a placement may be is the region's") {
  Region region(R"({"most_weeks": 10})");
  CHECK(region.adopt(monday + weeks(10)).accepted());
  const auto outcome = region.adopt(monday + weeks(10) + days(1));
  CHECK(outcome.rejected("placement_too_long"));
  CHECK(outcome.why.en == "A placement lasts 10 weeks here at most.");
}

TEST_CASE("placement-ends: the shared object is the same rule as the static twin") {
  void* object = dlopen(IRO_PLUGIN_OBJECT, RTLD_NOW | RTLD_LOCAL);
  INFO(IRO_PLUGIN_OBJECT);
  REQUIRE(object != nullptr);
  const auto* entry = static_cast<const iro_entry*>(dlsym(object, IRO_ENTRY_SYMBOL));
  REQUIRE(entry != nullptr);
  CHECK(std::string(entry->id) == "placement-ends");
  {
    Region region("{}", *entry);
    CHECK(region.adopt(monday + weeks(10)).accepted());
    CHECK(region.advance(weeks(60)).size() == 1);
  }
  dlclose(object);
}

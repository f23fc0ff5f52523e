// Concern: an event is never skipped, nor delivered empty, because its content could not be read.
// Plan: a body under a person's key; the key erased, lost without a tombstone, or with other bytes, before delivery.
#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

using namespace iro;
using namespace iro::scenario;

namespace {

constexpr const char* at_risk = R"({"risk_id": "risk-1", "student": "pseudo-0001", "school": "school-a",
  "author_role": "school_mentor"})";

/// Two events of one student and one of nobody, waiting for a consumer that has not subscribed yet.
struct Region {
  Region() {
    hub.enrol("school-a", {"school"});
    hub.enrol("hospital-a", {"care_provider"});
    school = &hub.connect("school-a");
    REQUIRE(hub.publish_one(*school, "student.at-risk", at_risk) == Errc::ok);
    REQUIRE(hub.publish_one(*school, "demand.registered",
                            R"({"demand_id": "dem-1", "school": "school-a", "needs": []})") == Errc::ok);
    const auto keys = hub.keys.keys_of("pseudo-0001").value();
    REQUIRE(keys.size() == 1);
    key = keys.begin()->second;
  }
  Harness hub;
  Client* school = nullptr;
  PersonKeyNo key;
};

}  // namespace

TEST_CASE("core: what was erased is passed over, and the rest goes on") {
  Region r;
  REQUIRE(r.hub.keys.destroy(r.key, "asked for", r.hub.clock.now()));
  r.hub.subscribe(*r.school, "all", "", wire::From::beginning);
  CHECK(r.hub.stops.empty());
  REQUIRE(r.school->received.size() == 1);
  CHECK(r.school->received.front().event.type == "nl.placements.demand.registered.v1");
  CHECK(r.school->received.front().number == 1);
}

TEST_CASE("core: a key that is gone without a tombstone ends the hub with 74, and nothing is delivered") {
  Region r;
  r.hub.memory_keys.lose(r.key);
  r.hub.subscribe(*r.school, "all", "", wire::From::beginning);
  REQUIRE(r.hub.stops.size() == 1);
  CHECK(r.hub.stops.front().exit_code == 74);
  CHECK(r.school->received.empty());
  r.hub.advance_ms(5'000);
  CHECK(r.school->received.empty());
  CHECK(r.hub.stops.size() == 1);
}

TEST_CASE("core: a body that does not open ends the hub with 74, and nothing is delivered") {
  Region r;
  r.hub.memory_keys.spoil(r.key);
  r.hub.subscribe(*r.school, "all", "", wire::From::beginning);
  REQUIRE(r.hub.stops.size() == 1);
  CHECK(r.hub.stops.front().exit_code == 74);
  CHECK(r.school->received.empty());
}

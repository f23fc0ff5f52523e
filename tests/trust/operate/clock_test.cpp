// Concern: a clock that leaps ahead expires nothing, ends no lease and does not get into the log.
// Plan: the harness with the guard on; the clock is set, and what the hub does and says is looked at.
#include <boost/json.hpp>

#include "hub/core/clock_guard.hpp"
#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"

namespace iro::test {
using namespace scenario;
namespace {

namespace json = boost::json;

constexpr std::int64_t hour_ms = 3'600'000;
const std::string vacancy = R"({"vacancy_id":"v-1","provider":"hospital-a","offer":{}})";

struct Guarded {
  Guarded()
      : hub([] {
          HarnessOptions o;
          o.guard_clock = true;
          return o;
        }()) {
    hub.enrol("school-a", {"school"});
    hub.enrol("hospital-a", {"care_provider"});
  }
  json::object status() {
    Client& op = hub.connect("operator", "status");
    hub.send(op, wire::Query{1, "status", "", {}});
    return json::parse(op.answers.back().body).as_object();
  }
  bool alarmed(std::string_view name) {
    const auto said = status();
    return std::ranges::any_of(said.at("alarms").as_array(),
                               [&](const auto& a) { return std::string_view(a.at("alarm").as_string()) == name; });
  }
  Harness hub;
};

}  // namespace

TEST_CASE("clock: a leap of more than an hour is not followed, and is an alarm until it comes back") {
  Guarded r;
  Client& hospital = r.hub.connect("hospital-a");
  const TimeMs before = r.hub.clock.now();
  CHECK_FALSE(r.alarmed("clock_leap"));
  r.hub.clock.set(before.plus(limits::clock_leap_ms + 60'000));
  CHECK(r.alarmed("clock_leap"));
  CHECK(r.status().at("clock_held_ms").to_number<std::int64_t>() == limits::clock_leap_ms + 60'000);
  // Sessions live on, what expires in half an hour is taken, and is recorded at the time that holds.
  schema::Event e = r.hub.make(hospital, "nl.placements.vacancy.opened.v1", vacancy);
  e.time = before;
  e.expirytime = before.plus(hour_ms / 2);
  CHECK(r.hub.publish(hospital, {e}).front() == Errc::ok);
  Client& school = r.hub.connect("school-a");
  r.hub.subscribe(school, "all");
  REQUIRE(school.received.size() == 1);
  CHECK(school.received.front().event.recordedtime < before.plus(1'000));
  r.hub.clock.set(before.plus(5'000));
  CHECK_FALSE(r.alarmed("clock_leap"));
  CHECK(r.status().at("clock_held_ms").to_number<std::int64_t>() == 0);
}

TEST_CASE("clock: while a leap is held, members whose clocks are right are not refused") {
  Guarded r;
  Client& hospital = r.hub.connect("hospital-a");
  r.hub.clock.set(r.hub.clock.now().plus(5 * hour_ms));
  CHECK(r.hub.publish_one(hospital, "vacancy.opened", vacancy) == Errc::ok);  // its time is the machine's
}

TEST_CASE("clock: an event whose sender's clock is more than an hour ahead is refused") {
  Guarded r;
  Client& hospital = r.hub.connect("hospital-a");
  schema::Event e = r.hub.make(hospital, "nl.placements.vacancy.opened.v1", vacancy);
  e.time = r.hub.clock.now().plus(limits::clock_ahead_ms + 1'000);
  CHECK(r.hub.publish(hospital, {e}).front() == Errc::time_invalid);
}

TEST_CASE("clock: only the operator may say that a leap is right") {
  Guarded r;
  const TimeMs leapt = r.hub.clock.now().plus(3 * hour_ms);
  Client& school = r.hub.connect("school-a");
  r.hub.clock.set(leapt);
  r.hub.send(school, wire::Control{1, "clock.accept", ""});
  CHECK(school.answers.back().code == Errc::missing_grant);
  Client& op = r.hub.connect("operator", "accept");
  r.hub.send(op, wire::Control{1, "clock.accept", ""});
  CHECK(op.answers.back().code == Errc::ok);
  CHECK_FALSE(r.alarmed("clock_leap"));
  CHECK(std::string(r.status().at("now").as_string()) == format_time(leapt));
}

TEST_CASE("clock: half an hour at a time is followed: that is a machine that slept, or a busy one") {
  core::ClockGuard guard;
  TimeMs t{1'000'000};
  for (int i = 0; i < 10; ++i) {
    t = t.plus(limits::clock_leap_ms / 2);
    CHECK(guard.hold(t) == t);
  }
  t = t.plus(2 * limits::clock_leap_ms);
  CHECK(guard.hold(t) == t.plus(-2 * limits::clock_leap_ms));
  // Some of the way back: what is left is still more than is followed.
  CHECK(guard.hold(t.plus(-limits::clock_leap_ms / 2)) == t.plus(-2 * limits::clock_leap_ms));
}

TEST_CASE("status: keys that are due for a change are an alarm") {
  Guarded r;
  CHECK_FALSE(r.alarmed("keys_old"));
  r.hub.clock.set(r.hub.clock.now().plus((limits::key_warn_days + 1) * 86'400'000));
  Client& op = r.hub.connect("operator", "accept");
  r.hub.send(op, wire::Control{1, "clock.accept", ""});
  CHECK(r.alarmed("keys_old"));
}

TEST_CASE("status: what the machine tells is shown, and what is wrong with it is an alarm") {
  Guarded r;
  core::Machine machine;
  machine.disk_free_bytes = limits::disk_warn_bytes - 1;
  machine.wal_bytes = 3 * limits::wal_bytes;
  machine.scrub = core::ScrubState{};
  machine.scrub->findings = 2;
  machine.scrub->since = r.hub.clock.now().plus(-limits::scrub_late_ms - 1);
  r.hub.step(machine);
  for (const char* alarm : {"disk_low", "wal_large", "scrub_findings"}) CHECK(r.alarmed(alarm));
  CHECK(r.status().at("disk_free_bytes").to_number<std::uint64_t>() == limits::disk_warn_bytes - 1);
}

TEST_CASE("status: how far each consumer is behind") {
  Guarded r;
  Client& school = r.hub.connect("school-a");
  r.hub.subscribe(school, "all");
  Client& hospital = r.hub.connect("hospital-a");
  REQUIRE(r.hub.publish_one(hospital, "vacancy.opened", vacancy) == Errc::ok);
  const auto lag = r.status().at("lag").as_array();
  REQUIRE(lag.size() == 1);
  CHECK(lag[0].at("behind").to_number<std::uint64_t>() >= 1);
  CHECK(lag[0].at("outstanding").to_number<std::uint64_t>() == 1);
  r.hub.ack_all(r.hub.clients.at(school.connection.value()));
  CHECK(r.status().at("lag").as_array()[0].at("behind").to_number<std::uint64_t>() == 0);
}

}  // namespace iro::test

// plugins/supervisor_pool/tests/region.hpp: a region with a pool, on the bench of the SDK, for the tests of the rule.
#pragma once

#include <iro/events/hub.hpp>
#include <iro/testing.hpp>
#include <string>

#include "plugins/supervisor_pool/capacity.hpp"
#include "plugins/supervisor_pool/rule.hpp"
#include "tests/catch.hpp"

namespace iro::pool::test {

using namespace iro::events;

inline std::string staff(int n) { return "staff-" + std::to_string(10'000 + n); }
inline std::string student(int n) { return "pseudo-" + std::to_string(10'000 + n); }
inline std::string supervisor_id(int n) { return "sv-" + std::to_string(1'000 + n); }
inline std::string supervision_id(int n) { return "sp-" + std::to_string(10'000 + n); }

/// Names of the rule's state, to look into it.
inline constexpr iro::PersonState<Supervisor> people{"people"};
inline constexpr iro::PersonState<Supervision> supervisions{"requests"};

struct Region : iro::testing::Bench {
  explicit Region(std::string_view settings = "{}", const iro_entry& entry = iro_plugin_entry)
      : Bench(entry, settings) {
    MemberEnrolledT enrolled;
    enrolled.member = "pool-a";
    enrolled.name = "pool-a";
    enrolled.roles = {"pool"};
    REQUIRE(say(enrolled, {.sender = "operator"}).ok());
  }
  [[nodiscard]] Week this_week() const { return week_of(std::chrono::floor<std::chrono::days>(now())); }

  template <typename Event>
  static Event of_supervisor(int n) {
    Event event;
    event.supervisor_id = supervisor_id(n);
    event.supervisor = staff(n);
    event.employer = "pool-a";
    return event;
  }
  iro::testing::Outcome add(int n, std::uint16_t fte = 100, SupervisorKind kind = SupervisorKind::pool_supervisor) {
    auto registered = of_supervisor<SupervisorRegisteredT>(n);
    registered.kind = kind;
    registered.level = 6;
    registered.area = "6511";
    registered.fte_hundredths = fte;
    REQUIRE(say(registered, {.sender = "pool-a"}).accepted());
    auto qualified = of_supervisor<SupervisorQualifiedT>(n);
    qualified.training = SupervisorTraining::basic;
    return say(qualified, {.sender = "pool-a"});
  }
  [[nodiscard]] SupervisionRequestedT request(int n, Week from, Week until) const {
    SupervisionRequestedT requested;
    requested.supervision_id = supervision_id(n);
    requested.student = student(n);
    requested.school = "school-a";
    requested.level = 4;
    requested.area = "6525";
    requested.from_week = to_week_field(from);
    requested.until_week = to_week_field(until);
    return requested;
  }
  iro::testing::Outcome ask(int n, Week from, Week until) { return say(request(n, from, until)); }
  iro::testing::Outcome accept(int n, int supervisor) {
    auto accepted = of_supervisor<SupervisionAcceptedT>(supervisor);
    accepted.supervision_id = supervision_id(n);
    return say(accepted, {.sender = "pool-a"});
  }
  iro::testing::Outcome decline(int n, int supervisor) {
    auto declined = of_supervisor<SupervisionDeclinedT>(supervisor);
    declined.supervision_id = supervision_id(n);
    declined.code = SupervisionDeclineCode::no_time;
    return say(declined, {.sender = "pool-a"});
  }
  iro::testing::Outcome available(int supervisor, Week from, Week until, std::uint16_t fte) {
    auto changed = of_supervisor<SupervisorAvailabilityChangedT>(supervisor);
    auto weeks = std::make_unique<AvailabilityT>();
    weeks->from_week = to_week_field(from);
    weeks->until_week = to_week_field(until);
    weeks->fte_hundredths = fte;
    changed.weeks.push_back(std::move(weeks));
    return say(changed, {.sender = "pool-a"});
  }
  iro::testing::Outcome leave(int supervisor) {
    auto left = of_supervisor<SupervisorLeftT>(supervisor);
    left.code = SupervisorLeftCode::contract_ended;
    return say(left, {.sender = "pool-a"});
  }
  iro::testing::Outcome end(int n) {
    SupervisionEndedT ended;
    ended.supervision_id = supervision_id(n);
    ended.student = student(n);
    ended.school = "school-a";
    return say(ended);
  }
};

}  // namespace iro::pool::test

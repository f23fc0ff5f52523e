// Concern: the rule beside its scenarios: the acceptance figures in full, whole sequences of events at random, privacy,
// and what is only visible in its state. Plan: against the static twin, on the bench of the SDK; the shared object
// last.
#include <dlfcn.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <set>

#include <iro/events/chain.hpp>

#include "plugins/supervisor_pool/tests/region.hpp"

namespace {

using namespace iro::pool;
using namespace iro::pool::test;
using iro::testing::Outcome;
using State = PartState;

/// The number behind "sv-1" in an emitted event.
int number_of(const std::string& id) {
  int n = 0;
  const auto at = id.find('-') + 1;
  std::from_chars(id.data() + at, id.data() + id.size(), n);
  return n - 1'000;
}

template <typename T>
std::map<std::string, T> all_of(const Region& region, const std::string& prefix) {
  std::map<std::string, T> out;
  for (const auto& [key, value] : region.state()) {
    if (key.starts_with(prefix)) out.emplace(key.substr(prefix.size()), iro::archive::decode<T>(value.bytes));
  }
  return out;
}

/// What must hold after every event.
void sound(const Region& region) {
  const Config config;
  std::map<std::string, Supervisor> counted;
  const auto people_now = all_of<Supervisor>(region, "people/");
  for (const auto& [id, one] : people_now) counted[id] = one;
  for (auto& [id, one] : counted) one.load.clear();
  std::set<std::string> waiting;
  for (const auto& [key, one] : all_of<Waiting>(region, "queue/")) {
    waiting.insert(one.supervision_id + "/" + std::to_string(one.from));
  }
  for (const auto& [id, row] : all_of<Supervision>(region, "requests/")) {
    if (row.over) continue;
    Week next = row.parts.front().from;
    for (const Part& part : row.parts) {
      RC_ASSERT(part.from == next);  // 1. parts follow each other, and fill the request's weeks
      RC_ASSERT(part.until >= part.from);
      next = part.until + 1;
      const bool queued = waiting.erase(id + "/" + std::to_string(part.from)) == 1;
      RC_ASSERT(queued == (part.state == State::queued));  // 2. who has nobody stands in the queue, once
      RC_ASSERT(part.supervisor_id.empty() == queued);
      if (!queued) occupy(counted.at(part.supervisor_id), row, part.from, part.until, config);
    }
    RC_ASSERT(next == row.until + 1);
  }
  RC_ASSERT(waiting.empty());  // 3. and nobody else does
  for (const auto& [id, one] : people_now) {
    for (Week week = region.this_week(); week < region.this_week() + 60; ++week) {
      const Use use = one.used_in(week);
      const Room room = room_in(one, week, config);
      RC_ASSERT(use == counted.at(id).used_in(week));  // 4. what is counted is what there is
      RC_ASSERT(use.seats <= room.seats);              // 5. nobody has more students than seats
      RC_ASSERT(use.lateral <= room.lateral);
    }
  }
}

std::int64_t below(std::mt19937_64& dice, std::int64_t n) {
  return static_cast<std::int64_t>(dice() % static_cast<std::uint64_t>(n));
}

/// One thing at random that may be said, and said again; answers and ends are often wrong or late.
std::function<Outcome()> any_event(Region& region, std::mt19937_64& dice) {
  const auto who = static_cast<int>(below(dice, 4));
  const auto n = static_cast<int>(below(dice, 12));
  const Week from = region.this_week() + static_cast<Week>(below(dice, 6));
  switch (below(dice, 9)) {
    case 0: {
      const auto fte = static_cast<std::uint16_t>(3 * (1 + below(dice, 2)));
      return [&region, who, fte] { return region.add(who, fte); };
    }
    case 1:
    case 2:
    case 3: {
      const Week until = from + static_cast<Week>(below(dice, 6));
      const bool lateral = below(dice, 6) == 0;
      const bool chain = below(dice, 3) == 0;
      return [&region, n, from, until, lateral, chain] {
        auto requested = region.request(n, from, until);
        requested.lateral_entrant = lateral;
        if (chain) requested.chain_id = "ch-1";
        return region.say(requested);
      };
    }
    case 4:
    case 5:
      return [&region, n, who] { return region.accept(n, who); };
    case 6:
      return [&region, n, who] { return region.decline(n, who); };
    case 7: {
      const Week until = from + static_cast<Week>(below(dice, 4));
      const auto fte = static_cast<std::uint16_t>(3 * below(dice, 3));
      return [&region, who, from, until, fte] { return region.available(who, from, until, fte); };
    }
    default:
      if (below(dice, 3) == 0) return [&region, who] { return region.leave(who); };
      return [&region, n] { return region.end(n); };
  }
}

/// Whoever is asked says yes: otherwise few are ever assigned.
void all_accept(Region& region) {
  for (const auto& [id, row] : all_of<Supervision>(region, "requests/")) {
    for (const Part& part : row.parts) {
      if (!row.over && part.state == State::offered) {
        RC_ASSERT(region.accept(number_of(id) - 9'000, number_of(part.supervisor_id)).accepted());
        break;  // one answer is for all of its parts
      }
    }
  }
}

}  // namespace

TEST_CASE("pool: 10 fte have 400 students, each half an hour a week; the 401st waits until one ends") {
  Region region;
  for (int s = 0; s < 10; ++s) region.add(s);
  const Week from = region.this_week() + 1;
  std::map<int, int> students;
  for (int n = 0; n < 400; ++n) {
    const auto offered = region.ask(n, from, from + 19).emitted<SupervisionOfferedT>();
    REQUIRE(offered.size() == 1);
    CHECK(offered[0].minutes_per_week == 30);
    const int who = number_of(offered[0].supervisor_id);
    ++students[who];
    REQUIRE(region.accept(n, who).emitted<SupervisionAssignedT>().size() == 1);
  }
  for (int s = 0; s < 10; ++s) CHECK(students[s] == 40);
  const auto refused = region.ask(400, from, from + 19).emitted<SupervisionRefusedT>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].code == SupervisionRefusalCode::no_capacity);
  CHECK(refused[0].queued_at == 1);
  const std::string week = R"({"week": ")" + week_text(from) + R"("})";
  CHECK(region.show("costs", week) ==
        R"({"columns":["what","value"],"rows":[["fte_hundredths",1000],["euros_a_year",1200000],["seats",400],)"
        R"(["euros_a_seat",3000],["students",400],["euros_a_student",3000],["minutes_reported",0],)"
        R"(["travel_minutes_reported",0]]})");
  const auto served = region.end(7).emitted<SupervisionOfferedT>();
  REQUIRE(served.size() == 1);
  CHECK(served[0].supervision_id == supervision_id(400));
}

TEST_CASE(
    "pool: Bernhoven's 56 students in teaching weeks and 30 in summer, these only with teachers of their school") {
  Region region;
  region.add(0);
  region.add(1);
  const Week teaching = week_from_field(202720);
  const Week summer = week_from_field(202729);
  for (int n = 0; n < 56; ++n)
    REQUIRE(region.ask(n, teaching, teaching + 7).emitted<SupervisionOfferedT>().size() == 1);
  for (int n = 56; n < 86; ++n) {
    const auto refused = region.ask(n, summer, summer + 5).emitted<SupervisionRefusedT>();
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].code == SupervisionRefusalCode::no_summer_teacher);
  }
  auto teacher = Region::of_supervisor<SupervisorRegisteredT>(2);
  teacher.employer = "school-a";
  teacher.kind = SupervisorKind::teacher;
  teacher.area = "6511";
  teacher.fte_hundredths = 75;
  REQUIRE(region.say(teacher).accepted());
  auto qualified = Region::of_supervisor<SupervisorQualifiedT>(2);
  qualified.employer = "school-a";
  qualified.training = SupervisorTraining::basic;
  CHECK(region.say(qualified).emitted<SupervisionOfferedT>().size() == 30);
  CHECK(region.show("load", R"({"week": "2027-W20", "weeks": 1})") ==
        R"({"bars":[{"label":"2027-W20 seats","value":110},{"label":"2027-W20 taken","value":56},)"
        R"({"label":"2027-W20 short","value":0}]})");
  CHECK(region.show("load", R"({"week": "2027-W29", "weeks": 1})") ==
        R"({"bars":[{"label":"2027-W29 seats","value":110},{"label":"2027-W29 taken","value":30},)"
        R"({"label":"2027-W29 short","value":0}]})");
}

TEST_CASE("pool: whatever is said in whatever order, and said twice, seats, queue and weeks are right") {
  setenv("RC_PARAMS", "max_success=1000", 0);
  CHECK(rc::check("after each of 40 random events", [] {
    std::mt19937_64 dice(*rc::gen::noShrink(rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>())));
    Region region;
    std::size_t most_assigned = 0;
    for (int event = 0; event < 40; ++event) {
      const auto happens = any_event(region, dice);
      RC_ASSERT(happens().ok());
      sound(region);
      const auto before = region.state();
      RC_ASSERT(happens().ok());
      RC_ASSERT(region.state() == before);  // what is said again changes nothing
      if (below(dice, 8) == 0) {
        for (const Outcome& rung : region.advance(std::chrono::hours(below(dice, 200)))) RC_ASSERT(rung.ok());
        sound(region);
      }
      if (below(dice, 4) == 0) {
        all_accept(region);
        sound(region);
      }
      std::size_t assigned = 0;
      for (const auto& [id, row] : all_of<Supervision>(region, "requests/")) {
        assigned += std::ranges::count(row.parts, State::assigned, &Part::state);
      }
      most_assigned = std::max(most_assigned, assigned);
    }
    RC_CLASSIFY(most_assigned >= 2, "two or more assigned at once");
    RC_CLASSIFY(most_assigned == 0, "nobody ever assigned");
  }));
}

TEST_CASE("pool: an absence of forty students goes on over as many events as it takes, and loses nobody") {
  Region region;
  region.add(0);
  const Week from = region.this_week() + 1;
  for (int n = 0; n < 40; ++n) {
    region.ask(n, from, from + 9);
    region.accept(n, 0);
  }
  region.add(1);
  region.add(2);
  std::size_t offered = region.available(0, from, from + 1, 0).emitted<SupervisionOfferedT>().size();
  CHECK(offered > 0);
  for (const Outcome& rung : region.advance(std::chrono::minutes(1))) {
    offered += rung.emitted<SupervisionOfferedT>().size();
  }
  CHECK(offered == 40);
  sound(region);
}

TEST_CASE("pool: a chain of sixty that is dissolved ends over as many events as it takes") {
  Region region;
  region.add(0);
  region.add(1);
  const Week from = region.this_week() + 1;
  for (int n = 0; n < 60; ++n) {
    auto requested = region.request(n, from, from + 9);
    requested.chain_id = "ch-1";
    region.say(requested);
  }
  ChainDissolvedT dissolved;
  dissolved.chain_id = "ch-1";
  dissolved.school = "school-a";
  std::size_t ended = region.say(dissolved, {.sender = "bureau-a"}).emitted<SupervisionEndedT>().size();
  CHECK(ended > 10);
  for (const Outcome& rung : region.advance(std::chrono::minutes(1))) {
    REQUIRE(rung.ok());
    ended += rung.emitted<SupervisionEndedT>().size();
  }
  CHECK(ended == 60);
  sound(region);
}

TEST_CASE("pool: a supervisor with more offers than an event may change alarms can leave") {
  Region region(R"({"students_per_fte": 200, "contact_hours_per_fte": 40, "minutes_per_contact": 10})");
  region.add(0);
  const Week from = region.this_week() + 1;
  for (int n = 0; n < 150; ++n) region.ask(n, from, from + 1);
  region.add(1);
  std::size_t offered = region.leave(0).emitted<SupervisionOfferedT>().size();
  CHECK(offered > 10);
  for (const Outcome& rung : region.advance(std::chrono::minutes(1))) {
    REQUIRE(rung.ok());
    offered += rung.emitted<SupervisionOfferedT>().size();
  }
  CHECK(offered == 150);
}

TEST_CASE("pool: two hundred who wait are served when there is somebody, a few dozen an event") {
  Region region;
  const Week from = region.this_week() + 1;
  for (int n = 0; n < 200; ++n) region.ask(n, from, from + 9);
  std::size_t offered = 0;
  for (int s = 0; s < 5; ++s) {
    offered += region.add(s).emitted<SupervisionOfferedT>().size();
    for (const Outcome& rung : region.advance(std::chrono::minutes(1))) {
      REQUIRE(rung.ok());
      offered += rung.emitted<SupervisionOfferedT>().size();
    }
  }
  CHECK(offered == 200);
  sound(region);
}

TEST_CASE(
    "pool: no key of state, no view and no state about nobody has a pseudonym; an erased student leaves nothing") {
  Region region;
  region.add(0);
  const Week from = region.this_week() + 1;
  auto requested = region.request(1, from, from + 9);
  requested.chain_id = "ch-1";
  requested.placement_id = "pl-1";
  requested.provider = "hospital-a";
  region.say(requested);
  region.accept(1, 0);
  auto reported = Region::of_supervisor<SupervisionHoursReportedT>(0);
  reported.supervision_id = supervision_id(1);
  reported.week = to_week_field(from);
  reported.minutes = 30;
  region.advance(std::chrono::weeks(1));
  REQUIRE(region.say(reported, {.sender = "pool-a"}).accepted());
  for (const std::string& person : {student(1), staff(0)}) {
    for (const auto& [key, value] : region.state()) {
      CHECK(key.find(person) == std::string::npos);
      if (value.person != person) CHECK(value.bytes.find(person) == std::string::npos);
    }
    for (const char* view : {"people", "register", "board", "timeline", "load", "pool", "places", "costs", "replan"}) {
      CHECK(region.show(view).find(person) == std::string::npos);
    }
  }
  region.erase(student(1));
  for (const auto& [key, value] : region.state()) {
    if (key.starts_with("hours/"))
      continue;  // the supervisor's own working hours name the supervision, not the student
    CHECK(key.find(supervision_id(1)) == std::string::npos);
    CHECK(value.bytes.find(supervision_id(1)) == std::string::npos);
  }
}

TEST_CASE(
    "pool: what goes to the supervisor's side has no student, and what goes to the student's side no staff pseudonym") {
  Region region;
  region.add(0);
  region.add(1);
  const Week from = region.this_week() + 1;
  std::vector<Outcome> all;
  all.push_back(region.ask(1, from, from + 9));
  all.push_back(region.accept(1, 0));
  all.push_back(region.available(0, from + 1, from + 2, 0));
  all.push_back(region.accept(1, 1));
  all.push_back(region.end(1));
  std::set<std::string> types;
  for (const Outcome& outcome : all) {
    REQUIRE(outcome.ok());
    for (const auto& emitted : outcome.emits) {
      types.insert(emitted.type);
      const bool about_staff =
          emitted.type.find("offered") != std::string::npos || emitted.type.find("released") != std::string::npos;
      CHECK((emitted.payload.find("pseudo-") == std::string::npos) == about_staff);
      CHECK((emitted.payload.find("staff-") == std::string::npos) == !about_staff);
    }
  }
  CHECK(types.size() == 4);
}

TEST_CASE("pool: an event without any optional field is accepted or refused, never a failure") {
  Region region;
  region.add(0);
  region.ask(1, region.this_week(), region.this_week() + 3);
  const auto bare = [&]<typename Event>(Event event) {
    event.supervision_id = supervision_id(1);
    if constexpr (requires { event.supervisor; }) {
      event.supervisor = staff(0);
      event.employer = "pool-a";
    } else {
      event.student = student(1);
      event.school = "school-a";
    }
    const Outcome outcome = region.say(event);
    CHECK(outcome.ok());
  };
  bare(SupervisionRequestedT());
  bare(SupervisionOfferedT());
  bare(SupervisionDeclinedT());
  bare(SupervisionAcceptedT());
  bare(SupervisionHoursReportedT());
  bare(SupervisionEndedT());
  bare(SupervisionAssignedT());
  bare(SupervisionSubstitutedT());
  bare(SupervisionRefusedT());
  bare(SupervisionReleasedT());
}

TEST_CASE("pool: each transition and each refusal has its own words, in both languages") {
  std::set<std::string_view> words;
  for (const Row& one : transitions) {
    CHECK(words.insert(one.en).second);
    CHECK(words.insert(one.nl).second);
  }
  std::set<std::string_view> codes;
  for (const Refusal& one : refusals) {
    CHECK(codes.insert(one.code).second);
    CHECK(words.insert(one.en).second);
    CHECK(words.insert(one.nl).second);
  }
}

TEST_CASE("pool: the shared object is the same rule as the static twin") {
  void* object = dlopen(IRO_PLUGIN_OBJECT, RTLD_NOW | RTLD_LOCAL);
  INFO(IRO_PLUGIN_OBJECT);
  REQUIRE(object != nullptr);
  const auto* entry = static_cast<const iro_entry*>(dlsym(object, IRO_ENTRY_SYMBOL));
  REQUIRE(entry != nullptr);
  CHECK(std::string(entry->id) == "supervisor-pool");
  {
    Region region("{}", *entry);
    region.add(0);
    CHECK(region.ask(1, region.this_week(), region.this_week() + 3).emitted<SupervisionOfferedT>().size() == 1);
    CHECK(region.accept(1, 0).emitted<SupervisionAssignedT>().size() == 1);
  }
  dlclose(object);
}

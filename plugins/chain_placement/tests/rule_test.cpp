// Concern: the rule beyond what scenarios say: its tables are whole, its answers fit the limits in the largest chain,
// the order of what is heard does not matter, nothing personal stays or is told too early. Plan: on the SDK's bench.
#include <dlfcn.h>

#include <algorithm>

#include "plugins/chain_placement/tests/property.hpp"
#include "plugins/chain_placement/tests/region.hpp"

namespace {
using namespace iro::chain;
using namespace iro::chain::testing;
using std::chrono::days;

std::uint8_t below(std::size_t limit) {
  return static_cast<std::uint8_t>(*rc::gen::inRange<int>(0, static_cast<int>(limit)));
}

/// Where legs are that have not ended: what must hold whatever was said. Empty: all of it does.
std::string broken_rule(const Chain& chain) {
  std::map<std::pair<int, int>, int> there;  // period, station
  std::set<std::pair<int, int>> busy;        // student, period
  std::set<std::pair<int, int>> been;        // student, station
  for (const Leg& leg : chain.legs) {
    if (leg.state == LegState::failed) return "a leg stays failed";
    const bool holds = leg.ahead() || leg.has_been();
    const bool was = holds || leg.ran;
    if (was && !been.emplace(leg.student, leg.station).second) return "a student is at a station twice";
    if ((holds || leg.handed_over) && !busy.emplace(leg.student, leg.period).second)
      return "a student is in two places";
    if (leg.ahead() || leg.under_way()) ++there[{leg.period, leg.station}];
  }
  for (const auto& [at, legs] : there) {
    int seats = chain.stations[at.second - 1].lost ? 0 : chain.stations[at.second - 1].seats;
    for (const LostSeats& lost : chain.lost_seats) {
      if (lost.period == at.first && lost.station == at.second) seats -= lost.seats;
    }
    if (legs > std::max(0, seats)) return "a seat is over its capacity";
  }
  return "";
}

/// Another placement of a student: minutes of each working day.
struct Stay {
  std::uint8_t student;
  Week from;
  Week until;
  unsigned minutes;
};

bool speaks_to_providers(const iro::testing::Emitted& emitted) {
  return emitted.type == iro::EventTraits<ChainFilled>::type || emitted.type == iro::EventTraits<LegOffered>::type ||
         emitted.type == iro::EventTraits<ChainReplanned>::type ||
         emitted.type == iro::EventTraits<VacancyReoffered>::type;
}

/// No provider hears of a student before it confirmed: not in what it is sent, and what names a student names no
/// provider.
void check_silence(const iro::testing::Outcome& outcome) {
  for (const auto& one : outcome.emits) {
    if (speaks_to_providers(one)) CHECK(one.payload.find("pseudo-") == std::string::npos);
  }
  for (const auto& one : outcome.emitted<LegPlannedT>()) CHECK(one.station_provider != one.school);
  for (const auto& one : outcome.emitted<SupervisionRequestedT>()) CHECK(one.provider.empty());
}

}  // namespace

TEST_CASE("chain: the tables are whole: words and codes differ, and every state but the first is entered by a row") {
  std::set<std::string_view> words;
  std::set<std::string_view> codes;
  std::set<std::pair<Machine, std::uint8_t>> entered;
  for (const Row& row : transitions) {
    CHECK(words.insert(row.en).second);
    CHECK(words.insert(row.nl).second);
    entered.emplace(row.machine, row.to);
  }
  for (const Refusal& refusal : refusals) {
    CHECK(codes.insert(refusal.code).second);
    CHECK_FALSE(refusal.nl.empty());
    CHECK_FALSE(refusal.en.empty());
  }
  CHECK(entered.size() == chain_names.size() - 1 + leg_names.size() - 1);
}

TEST_CASE("chain: the answers of the largest chain fit the limits of one event") {
  Region region;
  const auto filled = region.fill(most_students, most_stations, 2);
  REQUIRE(filled.ok());
  CHECK(filled.emitted<LegOfferedT>().size() == 36);
  CHECK(filled.emitted<SupervisionRequestedT>().size() == 6);
  const Chain full = region.chain();
  SECTION("it is dissolved") {
    for (const Leg& leg : full.legs) region.word_of_provider(leg);
    ChainDissolvedT said;
    said.chain_id = "ch-1";
    said.school = "school-a";
    said.providers = {provider(1)};
    const auto outcome = region.say(said);
    CHECK(outcome.accepted());
    CHECK(outcome.emitted<LegReleasedT>().size() == 36);
  }
  SECTION("one station after the other is lost") {
    for (std::size_t station = 1; station <= most_stations; ++station) {
      for (const auto& outcome : region.withdraw(station)) {
        INFO(outcome.fault);
        CHECK(outcome.ok());
        CHECK(outcome.emits.size() <= IRO_EMITS_PER_EVENT);
      }
      CHECK(broken_rule(region.chain()).empty());
    }
    CHECK(region.chain().over());
  }
  SECTION("a station is lost in all periods to a member that leaves") {
    MemberLeftT left;
    left.member = provider(3);
    CHECK(region.say(left, {.sender = "operator"}).ok());
    const auto swept = region.advance(std::chrono::milliseconds(0));
    REQUIRE(swept.size() == 1);
    CHECK(swept[0].emitted<LegFailedT>().size() == 6);
    CHECK(swept[0].emitted<HandoverRequestedT>().empty());  // two are in reserve, and two periods to catch up in
    CHECK(swept[0].emitted<LegReplannedT>().size() >= 6);
  }
}

TEST_CASE("chain: with no reserve a lost station costs each student one leg, and no other moves") {
  Region region;
  region.fill(3, 3);
  const auto swept = region.withdraw(2);
  REQUIRE(swept.size() == 1);
  CHECK(swept[0].emitted<HandoverRequestedT>().size() == 3);
  CHECK(swept[0].emitted<LegReplannedT>().empty());
  const auto said = swept[0].emitted<ChainReplannedT>();
  REQUIRE(said.size() == 1);
  CHECK(said[0].changes == 3);
  CHECK(said[0].unplanned == 3);
  CHECK(said[0].seats.size() == 6);
  const auto told = [&](std::string_view part) {
    return std::any_of(swept[0].notes.begin(), swept[0].notes.end(),
                       [&](const iro::Text& note) { return note.en.find(part) != std::string::npos; });
  };
  CHECK(told("station 1 is or was there"));
}

TEST_CASE("chain: what is heard of a leg in any order leaves the same state") {
  const auto end_state = [](std::vector<int> order) {
    Region region;
    region.fill(2, 2);
    const Leg leg = region.chain().legs.front();
    for (const int step : order) {
      if (step == 0) region.word_of_provider(leg);
      if (step == 1) region.sign(leg);
      if (step == 2) region.arrive(leg);
      if (step == 3) region.hours(leg, 600, false);
    }
    return region.state();
  };
  std::vector<int> order{0, 1, 2, 3};
  const auto first = end_state(order);
  while (std::next_permutation(order.begin(), order.end())) {
    const auto other = end_state(order);
    CHECK(std::equal(first.begin(), first.end(), other.begin(), other.end(), [](const auto& a, const auto& b) {
      return a.first == b.first && a.second.bytes == b.second.bytes && a.second.person == b.second.person;
    }));
  }
}

TEST_CASE("chain: no provider hears of a student before its word, and none of a handover") {
  Region region;
  check_silence(region.fill(3, 4));
  const Chain full = region.chain();
  check_silence(region.declines(full.legs[1]));
  region.word_of_provider(full.legs[0]);
  const auto failed = region.fails(full.legs[0], LegFailCode::student_unavailable);
  check_silence(failed);
  for (const auto& one : failed.emitted<LegSupersededT>()) {
    CHECK((one.handover_id.empty() || one.provider.empty()));
  }
}

TEST_CASE("chain: of a person who was erased nothing stays, and the chain goes on") {
  Region region;
  region.fill(2, 2);
  const Chain full = region.chain();
  for (const Leg& leg : full.legs) region.word_of_provider(leg);
  region.erase(student(1));
  for (const auto& [key, value] : region.state()) {
    CHECK(key.find(student(1)) == std::string::npos);
    CHECK(value.bytes.find(student(1)) == std::string::npos);
    CHECK(value.person != student(1));
  }
  CHECK(region.start(full.legs[0]).rejected("student_not_in_chain"));
  for (const std::size_t leg : {2U, 3U}) {
    region.sign(full.legs[leg]);
    region.arrive(full.legs[leg]);
    CHECK(region.start(full.legs[leg]).accepted());
    CHECK(region.assess(full.legs[leg]).accepted());
    CHECK(region.hand_on(full.legs[leg]).accepted());
    region.hours(full.legs[leg], 3'600, true);
  }
  CHECK(region.chain().state == ChainState::closed);
}

TEST_CASE("chain: keys of state carry no pseudonym, and what is about a person is under that person's key") {
  Region region;
  region.fill(3, 3);
  for (const auto& [key, value] : region.state()) {
    CHECK(key.find("pseudo-") == std::string::npos);
    if (value.bytes.find("pseudo-") != std::string::npos) CHECK_FALSE(value.person.empty());
  }
  for (const auto& [key, timer] : region.timers()) CHECK(key.find("pseudo-") == std::string::npos);
  for (const char* view : {"chains", "chain", "legs", "board", "timeline", "load", "coverage", "route"}) {
    CHECK(region.show(view).find("pseudo-") == std::string::npos);
  }
}

TEST_CASE("chain: ids with a slash are ids like others") {
  Region region;
  auto proposal = Region::proposal(2, 2);
  proposal.chain_id = "north/2026%1";
  proposal.respond_by = iro::to_field(std::chrono::year(2026) / 5 / 5);
  CHECK(region.say(proposal).accepted());
  const auto rung = region.advance(days(3));
  REQUIRE(rung.size() == 1);
  REQUIRE(rung[0].emitted<ChainDissolvedT>().size() == 1);
  CHECK(rung[0].emitted<ChainDissolvedT>()[0].chain_id == "north/2026%1");
}

/// A leg that was planned when others were known to take time: with them, it takes too many hours of a day or week.
std::string overbooked(const Chain& chain, const Leg& leg, const std::vector<Stay>& stays) {
  for (const Week week : chain.period_of(leg).weeks) {
    unsigned day = chain.day.front();
    for (const Stay& stay : stays) {
      if (stay.student == leg.student && stay.from <= week && week <= stay.until) day += stay.minutes;
    }
    if (day > 10U * 60 || 5 * day > 40U * 60) return "a day or week is overbooked";
  }
  return "";
}

TEST_CASE("chain: two legs that fail in one commit make one handover of a student; the other waits for its end") {
  Region region;
  region.fill(2, 2);
  const Chain full = region.chain();
  // Nothing of what the rule emits is said back in between, as when both fail in one round.
  std::vector<std::string> asked;
  for (const Leg& leg : full.legs) {
    if (leg.student != 1) continue;
    for (const auto& one : region.fails(leg, LegFailCode::student_unavailable).emitted<HandoverRequestedT>())
      asked.push_back(one.handover_id);
  }
  REQUIRE(asked.size() == 1);
  const auto next = region.stop_handover(asked.front(), student(1)).emitted<HandoverRequestedT>();
  REQUIRE(next.size() == 1);
  CHECK(next.front().handover_id != asked.front());
}

TEST_CASE("chain: whatever is said in whatever order, no rule of the plan is broken and no answer fails") {
  property("chain: random lives keep the rules", 400, [] {
    Region region;
    std::vector<Stay> stays;
    std::map<std::string, std::string> in_handover;  // by student: the one handover that is open
    const auto hear = [&](const iro::testing::Outcome& outcome) {
      for (const auto& asked : outcome.emitted<HandoverRequestedT>()) {
        RC_ASSERT(in_handover.emplace(asked.student, asked.handover_id).second);
        region.say(asked, {.sender = "hub"});
      }
    };
    const auto k = static_cast<std::uint16_t>(2 + below(3));
    const std::size_t stations = k + below(3);
    region.fill(k, stations, below(3));
    for (int step = 0; step < 40; ++step) {
      const Chain now = region.chain();
      RC_ASSERT(!now.legs.empty());
      const Leg leg = now.legs[below(now.legs.size())];
      const std::size_t known = now.legs_planned;
      iro::testing::Outcome outcome;
      switch (below(16)) {
        case 14: {
          if (in_handover.empty()) break;
          const auto [who, id] = *in_handover.begin();
          in_handover.erase(who);
          outcome = region.stop_handover(id, who);
          break;
        }
        case 13: {
          const Week from = now.start + below(12);
          stays.push_back({leg.student, from, from + below(4), 60U * (1U + below(2))});
          outcome = region.adopt(stays.size(), leg.student, from, stays.back().until, stays.back().minutes / 12);
          break;
        }
        case 0:
        case 1:
          outcome = region.word_of_provider(leg);
          break;
        case 2:
          region.word_of_school(leg);
          break;
        case 3:
          outcome = region.sign(leg);
          break;
        case 4:
          outcome = region.arrive(leg);
          break;
        case 5:
          outcome = region.start(leg);
          break;
        case 6:
          outcome = region.assess(leg);
          break;
        case 7:
          outcome = region.hand_on(leg);
          break;
        case 8:
          outcome = region.hours(leg, 600, below(2) == 0);
          break;
        case 9:
          outcome = region.fails(leg, static_cast<LegFailCode>(below(6)));
          break;
        case 10:
          outcome = region.declines(leg);
          break;
        case 11:
          if (below(4) == 0) outcome = region.leave(1 + below(k));
          break;
        case 12:
          if (below(4) == 0) {
            for (const auto& rung : region.withdraw(1 + below(stations))) {
              RC_ASSERT(rung.ok());
              hear(rung);
            }
          }
          break;
        default:
          for (const auto& rung : region.advance(days(below(12)))) {
            RC_ASSERT(rung.ok());
            hear(rung);
          }
      }
      hear(outcome);
      RC_ASSERT(outcome.fault.empty());
      RC_ASSERT(outcome.ok());
      const Chain then = region.chain();
      RC_ASSERT(broken_rule(then) == "");
      for (const Leg& fresh : then.legs) {
        const bool is_new =
            std::none_of(now.legs.begin(), now.legs.end(), [&](const Leg& old) { return old.id == fresh.id; });
        if (is_new && known > 0) RC_ASSERT(overbooked(then, fresh, stays) == "");
      }
    }
  });
}

TEST_CASE("chain: the shared object is the same rule as the static twin") {
  void* object = dlopen(IRO_PLUGIN_OBJECT, RTLD_NOW | RTLD_LOCAL);
  INFO(IRO_PLUGIN_OBJECT);
  REQUIRE(object != nullptr);
  const auto* entry = static_cast<const iro_entry*>(dlsym(object, IRO_ENTRY_SYMBOL));
  REQUIRE(entry != nullptr);
  CHECK(entry != &iro_plugin_entry);
  CHECK(std::string(entry->id) == "chain-placement");
  {
    Region twin;
    Region shared("{}", *entry);
    CHECK(twin.fill(3, 4).emits == shared.fill(3, 4).emits);
    CHECK(twin.declines(twin.chain().legs[1]).emits == shared.declines(shared.chain().legs[1]).emits);
  }
  dlclose(object);
}

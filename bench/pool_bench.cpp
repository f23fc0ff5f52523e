// pool-bench: how long it takes to give a country's students a supervisor, and to make it good again after one change.
// Size L of domain.md: 48,658 placements, 1,220 supervisors of one fte (40 students each, so 99.7 % of the seats are
// needed). Places lie as people live, a supervisor goes as far as the first digit of the postcode, has two to four
// branches, and students of one ward and level are alike. `--apart`: no two students are. Prints; asserts only what
// makes a figure worthless when it does not hold. The figures follow from the seed alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <map>
#include <random>

#include "hub/base/assert.hpp"
#include "plugins/supervisor_pool/assignment.hpp"
#include "plugins/supervisor_pool/travel.hpp"

namespace {

using iro::pool::Assignment;
using Moment = std::clock_t;

constexpr std::uint32_t placements = 48'658;
constexpr std::uint32_t supervisors = 1'220;
constexpr std::uint32_t wards = 6'000;
constexpr std::int64_t unserved = 1'000'000;
constexpr std::uint64_t seed = 2026;

/// Of processor time, for the machine is shared; on an idle one it is the time that passes (one thread, no waiting).
Moment now() { return std::clock(); }
double ms_since(Moment begun) { return 1'000.0 * static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC; }

struct Region {
  struct Supervisor {
    std::string area;
    std::uint32_t branches = 0;  // bits
    std::uint32_t level = 0;
  };
  std::mt19937_64 dice{seed};
  std::vector<Supervisor> people;
  Assignment plan{{.balance = 1'000, .move = 30'000}};
  std::vector<std::uint32_t> kinds;  // one entry a student

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(dice() % n); }
  std::string area() {
    // More people live where the first digit is low, as in the west.
    const std::uint32_t digit = 1 + std::min(below(9), below(12));
    return fmt::format("{}{:03}", digit, below(1'000));
  }

  explicit Region(bool apart) {
    for (std::uint32_t n = 0; n < supervisors; ++n) {
      Supervisor one{area(), 0, std::array{3U, 4U, 6U}[below(3)]};
      for (std::uint32_t b = 2 + below(3); b > 0; --b) one.branches |= 1U << below(9);
      people.push_back(one);
      plan.add_supervisor({40, 0});
    }
    std::vector<std::pair<std::string, std::uint32_t>> ward;
    for (std::uint32_t n = 0; n < wards; ++n) ward.emplace_back(area(), below(9));
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> alike;
    std::size_t options = 0;
    for (std::uint32_t n = 0; n < placements; ++n) {
      const std::uint32_t at = below(wards);
      const std::uint32_t level = std::array{2U, 3U, 4U, 6U}[below(4)];
      auto found = alike.find({at, level});
      if (apart || found == alike.end()) {
        auto can = options_for(ward[at].first, ward[at].second, level);
        options += can.size();
        found = alike.insert_or_assign({at, level}, plan.add_kind(std::move(can), unserved)).first;
      }
      kinds.push_back(found->second);
    }
    fmt::print("{} students of {} kinds, {} supervisors, {} ways\n", placements, *std::ranges::max_element(kinds) + 1,
               supervisors, options);
  }
  std::vector<Assignment::Option> options_for(const std::string& at, std::uint32_t branch, std::uint32_t level) const {
    std::vector<Assignment::Option> out;
    for (std::uint32_t s = 0; s < people.size(); ++s) {
      if (people[s].area.front() != at.front() || (people[s].branches >> branch & 1U) == 0) continue;
      const std::int64_t below_level = people[s].level < level ? 5'000 : 0;
      out.push_back({s, 100 * iro::pool::travel_minutes(people[s].area, at, {}) + below_level});
    }
    return out;
  }
};

/// Milliseconds of many changes of one sort.
void report(const char* what, std::vector<double> ms) {
  std::ranges::sort(ms);
  fmt::print("{:<44} {:>6} {:>9.3f} {:>9.3f} {:>9.3f} {:>9.3f}\n", what, ms.size(), ms[ms.size() / 2],
             ms[ms.size() * 9 / 10], ms[ms.size() * 99 / 100], ms.back());
}

}  // namespace

int main(int argc, char** argv) try {
  Region region(argc > 1 && std::strcmp(argv[1], "--apart") == 0);
  Assignment& plan = region.plan;
  Assignment one_by_one = plan;
  for (const std::uint32_t kind : region.kinds) plan.add_student(kind);
  Moment begun = now();
  plan.solve();
  fmt::print("assigned from scratch: {:.0f} ms; {} have a supervisor, {} wait\n", ms_since(begun),
             placements - plan.queued(), plan.queued());
  begun = now();
  for (const std::uint32_t kind : region.kinds) one_by_one.enter(kind);
  fmt::print("one student after the other, each time the optimum: {:.0f} ms, the same cost\n", ms_since(begun));
  IRO_ASSERT(plan.optimal() && one_by_one.optimal() && plan.cost() == one_by_one.cost(), "both are the optimum");
  plan.settle();

  fmt::print("{:<44} {:>6} {:>9} {:>9} {:>9} {:>9}\n", "one change, then the optimum again", "times", "p50 ms",
             "p90 ms", "p99 ms", "most ms");
  std::vector<double> enters;
  std::vector<double> leaves;
  std::vector<double> absences;
  std::vector<double> returns;
  for (int n = 0; n < 300; ++n) {
    Moment from = now();
    const std::uint32_t student = plan.enter(region.kinds[region.below(placements)]);
    enters.push_back(ms_since(from));
    from = now();
    plan.leave(n % 2 == 0 ? student : static_cast<std::uint32_t>(n));
    leaves.push_back(ms_since(from));
  }
  for (int n = 0; n < 100; ++n) {
    const std::uint32_t who = region.below(supervisors);
    Moment from = now();
    plan.set_seats(who, {0, 0});
    absences.push_back(ms_since(from));
    from = now();
    plan.set_seats(who, {40, 0});
    returns.push_back(ms_since(from));
  }
  report("a student comes", enters);
  report("a student leaves", leaves);
  report("a supervisor is absent: forty students move", absences);
  report("a supervisor is back: forty seats", returns);
  IRO_ASSERT(plan.optimal(), "after all changes it is an optimum");
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "pool-bench: %s\n", e.what());
  return 1;
}

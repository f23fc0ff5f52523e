// Concern: the demo's input is what it says it is, so that a total that differs in the demo is the hub's doing.
// Plan: the region has the promised members; the same seed gives the same bytes; and the files adapter, which shares no
// code with the generator, finds in the files exactly what expected.json promises.
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "adapters/files/check.hpp"
#include "deploy/demo-region/files.hpp"
#include "deploy/demo-region/region.hpp"
#include "deploy/demo-region/year.hpp"
#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_folder.hpp"

using namespace iro;
namespace fs = std::filesystem;

namespace {

const fs::path project = IRO_PROJECT;

demo::Region region() {
  auto loaded =
      demo::load_region(project / "deploy/demo-region/region.toml", project / "schemas/codes/programmes.toml");
  if (!loaded) FAIL(loaded.error().text());
  return *loaded;
}

demo::Expected write(const demo::Region& r, const fs::path& out, std::uint64_t seed) {
  auto expected = demo::write_members(r, demo::plan_year(r, *demo::placements_of_size("tiny"), seed), out, project);
  if (!expected) FAIL(expected.error().text());
  return *expected;
}

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    out[fs::relative(entry.path(), folder).string()] = text.str();
  }
  return out;
}

files::Formats formats_of(const schema::Registry& registry, const fs::path& own) {
  auto mappings = files::builtin_mappings(registry);
  if (mappings) mappings = files::with_folder(std::move(*mappings), own, registry);
  if (!mappings) FAIL(mappings.error().text());
  return {std::move(*mappings), files::ProgrammeList::builtin()};
}

std::string full_name(const std::string& type) { return "nl.placements." + type + ".v1"; }

}  // namespace

TEST_CASE("demo: the region has its 45 members, over all branches, with test numbers only") {
  const demo::Region r = region();
  CHECK(r.with_role(demo::Role::school).size() == 5);
  CHECK(r.with_role(demo::Role::provider).size() == 38);
  CHECK(r.with_role(demo::Role::pool).size() == 1);
  CHECK(r.with_role(demo::Role::bureau).size() == 1);
  std::set<std::string> branches, slugs, oins, companies;
  for (const demo::Member& m : r.members) {
    slugs.insert(m.slug);
    oins.insert(m.oin);
    CHECK(m.oin.starts_with("00000099"));
    if (m.role != demo::Role::provider) continue;
    branches.insert(m.branch);
    companies.insert(m.learning_company);
  }
  CHECK(branches.size() == 9);
  CHECK(slugs.size() == 45);
  CHECK(oins.size() == 45);
  CHECK(companies.size() == 38);
}

TEST_CASE("demo: the same seed gives the same files, another seed others") {
  const demo::Region r = region();
  const test::TempFolder one, again, other;
  write(r, one.path(), 7);
  write(r, again.path(), 7);
  write(r, other.path(), 8);
  CHECK(contents(one.path()) == contents(again.path()));
  CHECK(contents(one.path()) != contents(other.path()));
}

TEST_CASE("demo: every size has as many placements as it says, on seats that are there") {
  const demo::Region r = region();
  for (const char* size : {"tiny", "S", "M"}) {
    const std::size_t wanted = *demo::placements_of_size(size);
    const demo::Year year = demo::plan_year(r, wanted, 2026);
    CHECK(year.placements.size() == wanted);
    std::map<std::size_t, int> taken;
    for (const demo::Placement& p : year.placements) ++taken[p.vacancy];
    for (const auto& [vacancy, seats] : taken) CHECK(seats <= year.vacancies[vacancy].seats);
    CHECK_FALSE(year.signals.empty());
    CHECK_FALSE(year.handovers.empty());
  }
}

TEST_CASE("demo: no two students share a personal number, and each passes the eleven-test") {
  const demo::Year year = demo::plan_year(region(), *demo::placements_of_size("L"), 2026);
  std::set<std::string> numbers;
  for (const demo::Student& s : year.students) {
    numbers.insert(s.personal_number);
    int sum = -(s.personal_number.at(8) - '0');
    for (std::size_t i = 0; i < 8; ++i) sum += static_cast<int>(9 - i) * (s.personal_number[i] - '0');
    if (s.personal_number.size() != 9 || sum % 11 != 0) FAIL(s.personal_number << " is no test number");
  }
  CHECK(numbers.size() == year.students.size());
}

TEST_CASE("demo: the files adapter finds in the files what the generator promises") {
  const demo::Region r = region();
  const test::TempFolder out;
  const demo::Expected expected = write(r, out.path(), 2026);
  const auto registry = schema::Registry::builtin();
  REQUIRE(registry);
  for (const demo::Member& member : r.members) {
    INFO(member.slug);
    const fs::path folder = out.path() / "members" / member.slug;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder / "outbox")) files.push_back(entry.path());
    files::Report report = files::check_files(files, formats_of(*registry, folder / "mappings"), *registry);
    INFO(report.to_text());
    CHECK(report.failed_files == 0);
    const auto bad = expected.bad_rows.find(member.slug);
    CHECK(report.total.rejected == (bad == expected.bad_rows.end() ? 0 : bad->second));
    std::map<std::string, std::uint64_t> promised;
    for (const auto& [type, n] : expected.by_member.at(member.slug)) promised[full_name(type)] = n;
    CHECK(report.total.events_by_type == promised);
    CHECK(report.total.unknown_programmes.empty());
  }
  CHECK(expected.follow.size() == 2);
}

TEST_CASE("demo: what is expected is read back as it was written") {
  const demo::Region r = region();
  const test::TempFolder out;
  demo::Expected expected = write(r, out.path(), 2026);
  expected.size = "tiny";
  expected.seed = 2026;
  REQUIRE(demo::save_expected(expected, out.path() / "expected.json"));
  const auto loaded = demo::load_expected(out.path() / "expected.json");
  REQUIRE(loaded);
  CHECK(loaded->events == expected.events);
  CHECK(loaded->by_member == expected.by_member);
  CHECK(loaded->bad_rows == expected.bad_rows);
  CHECK(loaded->deliveries == expected.deliveries);
  REQUIRE(loaded->follow.size() == expected.follow.size());
  CHECK(loaded->follow[0].data == expected.follow[0].data);
}

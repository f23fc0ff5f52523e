// Released schemas are kept: the current ones may replace them (flatc --conform,
// in CMakeLists.txt, guards the layout; here the attributes).
#include "hub/schema/conform.hpp"

#include <filesystem>

#include "hub/schema/plan.hpp"
#include "tests/catch.hpp"
#include "tests/unit/schema/fixtures.hpp"
#include "tests/unit/schema/parse_schema.hpp"

namespace {

using namespace iro;
using namespace iro::schema;
namespace fs = std::filesystem;

const std::string latest = std::string(IRO_SCHEMAS) + "/released/0.1.0";

std::vector<EventType> types_of(const std::string& fbs) {
  auto types = compile(bfbs_of(fbs, latest));
  INFO((types ? "" : types.error().text()));
  REQUIRE(types.has_value());
  return std::move(*types);
}

/// The faults of a released file, changed in one place.
std::string faults_of(const std::string& file, const std::string& from, const std::string& to) {
  const std::string released = read_text(latest + "/" + file);
  std::string changed = released;
  const auto at = changed.find(from);
  REQUIRE(at != std::string::npos);
  changed.replace(at, from.size(), to);
  const auto before = types_of(released);
  const auto after = types_of(changed);
  std::string out;
  for (std::size_t i = 0; i < before.size(); ++i) {
    for (const std::string& fault : conformance_faults(before[i], after[i])) out += fault + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("schema: every type of every release can still be replaced by the present one") {
  std::size_t compared = 0;
  for (const auto& release : fs::directory_iterator(std::string(IRO_SCHEMAS) + "/released")) {
    if (!release.is_directory()) continue;
    for (const auto& file : fs::directory_iterator(release.path())) {
      const std::string name = file.path().filename();
      if (name == "common.fbs" || name == "bus.fbs") continue;
      const auto types = compile(bfbs_of(read_text(file.path()), release.path()));
      REQUIRE(types.has_value());
      for (const EventType& older : *types) {
        const EventType* newer = builtin().find(older.name);
        INFO(release.path().filename() << " " << older.name);
        REQUIRE(newer != nullptr);
        CHECK(conformance_faults(older, *newer).empty());
        ++compared;
      }
    }
  }
  CHECK(compared > 0);
}

TEST_CASE("schema: a sealed type cannot become public, though flatc --conform would let it") {
  CHECK_THAT(faults_of("handover.fbs", "routing: \"sealed\"", "routing: \"parties\""),
             ContainsSubstring("handover.identity-disclosed.v1: routing was sealed and is parties"));
}

TEST_CASE("schema: a change that would let somebody hear, read or keep more is found") {
  CHECK_THAT(faults_of("dossier.fbs", "gate: \"consent\",", "gate: \"match-date\","),
             ContainsSubstring("gate was consent and is match-date"));
  CHECK_THAT(faults_of("consent.fbs", "closes: \"consent\"", "opens: \"consent\""),
             ContainsSubstring("what it opens or closes has changed"));
  CHECK_THAT(
      faults_of("consent.fbs", "string (party, speaker, gate_key, required)", "string (party, gate_key, required)"),
      ContainsSubstring("school: speaker has changed"));
  CHECK_THAT(faults_of("vacancy.fbs", "readers: \"school bureau\"", "readers: \"school bureau employer\""),
             ContainsSubstring("readers now has employer"));
  CHECK_THAT(faults_of("student.fbs", "senders: \"school care_provider\"", "senders: \"school\", roles: \"bureau\""),
             ContainsSubstring("roles now has bureau"));
  CHECK_THAT(faults_of("student.fbs", "retention: \"12\"", "retention: \"0\""), ContainsSubstring("kept longer"));
  CHECK_THAT(
      faults_of("consent.fbs", "author: string (party, gate_key, required)", "author: string (gate_key, required)"),
      ContainsSubstring("author: party has changed"));
  CHECK_THAT(faults_of("vacancy.fbs", "note: string;", "note: string (identifier);"),
             ContainsSubstring("no longer read by the personal-number detector"));
  CHECK_THAT(faults_of("vacancy.fbs", "area: string;", "postcode: string;"), ContainsSubstring("area is gone"));
  CHECK_THAT(faults_of("vacancy.fbs", "ward_closed, supervision_short,", "supervision_short, ward_closed,"),
             ContainsSubstring("means something else"));
  CHECK_THAT(faults_of("demand.fbs", "note: string;\n", "note: string;\n  more: string;\n"),
             ContainsSubstring("effective_on is gone, or stands elsewhere"));
}

TEST_CASE("schema: a field more needs a higher revision") {
  const std::string last = "  effective_on: int (format: \"date\");\n}\n\n/// Replaces what was registered";
  const std::string grown =
      "  effective_on: int (format: \"date\");\n  more: string;\n}\n\n/// Replaces what was registered";
  CHECK_THAT(faults_of("demand.fbs", last, grown), ContainsSubstring("more fields under the same revision"));
}

TEST_CASE("schema: labels, comments and senders may change") {
  CHECK(faults_of("vacancy.fbs", "en: \"Vacancy opened\"", "en: \"A place is offered\"").empty());
  CHECK(faults_of("vacancy.fbs", "senders: \"care_provider bureau\"", "senders: \"care_provider\"").empty());
  CHECK(faults_of("vacancy.fbs", "/// What can be learned here.", "/// Goals.").empty());
  CHECK(faults_of("vacancy.fbs", "  note: string;", "  note: string (personal);").empty());
}

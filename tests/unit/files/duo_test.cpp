#include "adapters/files/duo.hpp"

#include "tests/unit/files/sample.hpp"

using namespace iro;
using namespace iro::files;
using sample::Folder;
using sample::take;

namespace {

// The shape of a registration file; BSNs and company ids are invented.
const std::string duo_13 =
    "VLP;99ZZ;1-1-2025;31-12-2025;23-3-2026;;;;;;;;\r\n"
    "PER;900000012;;22-12-1986;V;;;;;;;;\r\n"
    "ISP;900000012;;C1;1-8-2025;25655;BBL;;J;;101A742;100X979;\r\n"
    "BPV;900000012;;C1;1;26-9-2023;1-8-2023;31-7-2025;27-1-2025;1512;100000001;25655;\r\n"
    "PER;;900000005;3-10-1988;V;;;;;;;;\r\n"
    "BPV;;900000005;2;C1;28-7-2023;1-8-2023;31-7-2025;;160;100000002;25779;\r\n"
    "SLR;19746;22021;32179;752;31117;4986;90;13179;12821;;;\r\n";

std::string bpv(const std::string& rest) { return "VLP;99ZZ\r\nBPV;900000012;;1;1;" + rest + "\r\n"; }

}  // namespace

TEST_CASE("duo: a BPV record becomes placement.adopted, and with a real end placement.ended as well") {
  const Folder folder;
  const auto taken = take(folder.write("ro.csv", duo_13));
  CHECK(taken.rejects.empty());
  CHECK(taken.counts.records == 2);
  CHECK(taken.counts.early_ends == 1);
  CHECK(taken.counts.started_unsigned == 1);
  CHECK(taken.counts.new_pseudonyms == 2);
  REQUIRE(taken.types == std::vector<std::string>{"nl.placements.placement.adopted.v1",
                                                  "nl.placements.placement.ended.v1",
                                                  "nl.placements.placement.adopted.v1"});
  CHECK_THAT(taken.payloads[0],
             ContainsSubstring("\"learning_path\":\"bbl\"") && ContainsSubstring("\"started_unsigned\":true") &&
                 ContainsSubstring("\"learning_company_id\":\"100000001\"") &&
                 ContainsSubstring("\"begin_on\":\"2023-08-01\"") && ContainsSubstring("\"hours\":1512") &&
                 ContainsSubstring("\"school\":\"roc-noord\""));
  CHECK_THAT(taken.payloads[1], ContainsSubstring("\"ended_on\":\"2025-01-27\"") && !ContainsSubstring("completed"));
}

TEST_CASE("duo: separators ; and |, 13 and 16 fields, and three spellings of dates give the same events") {
  const Folder folder;
  const PrivateKey key = PrivateKey::random();
  MemoryOutbox outbox(true);
  const Formats formats = sample::formats();
  const auto first = take(folder.write("a.csv", bpv("16-9-2022;1-8-2022;31-7-2025;13-11-2023;900;100000001;25655;")),
                          outbox, key, formats);
  REQUIRE(first.counts.events == 2);
  const auto wide =
      take(folder.write("b.csv", bpv("2022-09-16;2022-08-01;2025-07-31;2023-11-13;900;100000001;25655;;;;")), outbox,
           key, formats);
  CHECK(wide.counts.unchanged == 1);
  std::string bars = bpv("20220916;20220801;20250731;20231113;900;100000001;25655;");
  std::replace(bars.begin(), bars.end(), ';', '|');
  const auto third = take(folder.write("c.csv", bars), outbox, key, formats);
  CHECK(third.counts.unchanged == 1);
  CHECK(outbox.published() == 2);
}

TEST_CASE("duo: no personal number stands in an event, a note, a reject or a report") {
  const Folder folder;
  const PrivateKey key = PrivateKey::random();
  MemoryOutbox outbox(true);
  const Formats formats = sample::formats();
  const std::string bad =
      "BPV;900000012;900000005;1;2;x;1-8-2023;31-7-2025;;160;900000012;25779;\r\nBPV;900000012;"
      "\"900000005\r\n900000012;x\r\n";
  const auto taken = take(folder.write("ro.csv", duo_13 + bad), outbox, key, formats);
  CHECK(taken.rejects.size() >= 2);
  std::string everything = taken.counts.to_json();
  for (const auto& p : taken.payloads) everything += p;
  for (const auto& [where, note] : outbox.notes()) everything += where + note;
  for (const auto& e : outbox.events()) everything += e.foreign_id + e.subject + std::string(as_text(e.payload));
  for (const Reject& r : taken.rejects) everything += r.original + r.reason + r.column;
  CHECK(everything.find("900000012") == std::string::npos);
  CHECK(everything.find("900000005") == std::string::npos);
}

TEST_CASE("duo: a placement keeps its id and its student from file to file, and others get others") {
  const Folder folder;
  const PrivateKey key = PrivateKey::random();
  MemoryOutbox outbox(true);
  const Formats formats = sample::formats();
  const auto first =
      take(folder.write("a.csv", bpv("1-8-2022;1-8-2022;31-7-2025;;900;100000001;25655;")), outbox, key, formats);
  const auto later = take(folder.write("b.csv", bpv("1-8-2022;1-8-2022;31-7-2025;31-7-2025;900;100000001;25655;")),
                          outbox, key, formats);
  REQUIRE(first.types == std::vector<std::string>{"nl.placements.placement.adopted.v1"});
  REQUIRE(later.types == std::vector<std::string>{"nl.placements.placement.ended.v1"});
  CHECK_THAT(later.payloads[0], ContainsSubstring("\"outcome\":\"completed\""));
  const auto head = [](const std::string& json) { return json.substr(0, json.find("\"school\"")); };
  CHECK(head(first.payloads[0]) == head(later.payloads[0]));
  const auto other =
      take(folder.write("c.csv", "VLP;99ZZ\nBPV;900000024;;1;1;1-8-2022;1-8-2022;31-7-2025;;900;100000001;25655;\n"),
           outbox, key, formats);
  CHECK(head(other.payloads[0]) != head(first.payloads[0]));
}

TEST_CASE("duo: a student first seen under the onderwijsnummer keeps the pseudonym when the BSN comes") {
  MemoryOutbox notes;
  const PrivateKey key = PrivateKey::random();
  Pseudonyms people(key, notes);
  const std::string first = people.of("bsn", {"", "900000005"}).value();
  CHECK(people.of("bsn", {"900000012", "900000005"}).value() == first);
  CHECK(people.of("bsn", {"900000012", ""}).value() == first);
  CHECK(people.of("bsn", {"", "900000012"}).value() != first);
  CHECK(people.made() == 2);
  CHECK_FALSE(people.of("bsn", {" ", ""}));
  const std::string plain = people.of("bsn", {"12345678", ""}).value();
  CHECK(people.of("bsn", {"012.345.678", ""}).value() == plain);
  CHECK(people.of("bsn", {" 0123 45678", ""}).value() == plain);
  CHECK(people.of("student-number", {"12345678", ""}).value() != plain);
}

TEST_CASE("duo: a pseudonym is never the same, and never looks like a personal number") {
  std::set<std::string> seen;
  for (int i = 0; i < 20'000; ++i) {
    const std::string p = random_pseudonym();
    REQUIRE(p.size() == 22);
    REQUIRE(seen.insert(p).second);
    std::size_t run = 0;
    for (const char c : p) {
      run = c >= '0' && c <= '9' ? run + 1 : 0;
      REQUIRE(run < 8);
    }
  }
}

TEST_CASE("duo: an unknown programme code is taken and counted") {
  const Folder folder;
  const auto taken = take(folder.write("a.csv", bpv("1-8-2022;1-8-2022;31-7-2025;;900;100000001;25618;")));
  CHECK(taken.counts.events == 1);
  CHECK(taken.counts.unknown_programmes == std::map<std::string, std::uint64_t>{{"25618", 1}});
}

TEST_CASE("duo: a bad record is rejected with line, column and reason, and the good ones go on") {
  const Folder folder;
  const struct {
    std::string row;
    std::string column;
    std::string reason;
  } bad[] = {
      {"BPV;900000012;;1;1;x;1-8-2022;31-7-2025;;900;100000001;25655;", "drawn up", "date"},
      {"BPV;900000012;;1;1;;;31-7-2025;;900;100000001;25655;", "begin", "empty"},
      {"BPV;900000012;;1;1;;1-8-2022;31-7-2021;;900;100000001;25655;", "planned end", "before"},
      {"BPV;900000012;;1;1;;1-8-2022;31-7-2025;31-7-2022;900;100000001;25655;", "real end", "before"},
      {"BPV;900000012;;1;1;;1-8-2022;31-7-2025;;9x0;100000001;25655;", "hours", "whole"},
      {"BPV;900000012;;1;1;;1-8-2022;31-7-2025;;900;1000;25655;", "company id", "nine digits"},
      {"BPV;900000012;;1;1;;1-8-2022;31-7-2025;;900;100000001;AB;", "programme", "digits"},
      {"BPV;;;1;1;;1-8-2022;31-7-2025;;900;100000001;25655;", "BSN", "empty"},
      {"BPV;900000012;;1;1;;1-8-2022", "", "fields"},
      {"bpv;900000012;;1;1;;1-8-2022;31-7-2025;;900;100000001;25655;", "", "kind"},
  };
  for (const auto& b : bad) {
    INFO(b.row);
    const auto taken = take(folder.write(
        "a.csv", "VLP;99ZZ\n" + b.row + "\n" + bpv("1-8-2022;1-8-2022;31-7-2025;;900;100000001;25655;").substr(10)));
    CHECK(taken.counts.events == 1);
    CHECK(taken.counts.rejected == 1);
    REQUIRE(taken.rejects.size() >= 1);
    CHECK(taken.rejects[0].code == Errc::duo_record);
    CHECK(taken.rejects[0].at.line == 2);
    CHECK(taken.rejects[0].column == b.column);
    CHECK_THAT(taken.rejects[0].reason, ContainsSubstring(b.reason));
  }
}

// Concern: a student has one pseudonym under all numbers once the school has said which belong together; two persons
// never become one; and no number is kept or told.
// Plan: an outbox in memory; link files with every case, read through the real reader; what is in the notes afterwards.
#include "adapters/files/link_file.hpp"

#include <set>

#include "tests/unit/files/sample.hpp"
#include "tests/unit/files/twin_client.hpp"

using namespace iro;
using namespace iro::files;
using sample::TwinClient;
using sample::TwinDisk;

namespace {

struct School {
  TwinDisk disk;
  TwinClient client{disk};
  PrivateKey key = PrivateKey::random();

  /// As DUO files and lists ask for it.
  std::string under_bsn(std::string_view bsn, std::string_view education = {}) {
    return Pseudonyms(key, disk.outbox).of("bsn", {bsn, education}).value();
  }
  std::string under_student_number(std::string_view number) {
    return Pseudonyms(key, disk.outbox).of("student-number", {number, {}}).value();
  }
  Result<LinkReport> link(const std::string& rows, bool dry_run = false) {
    return link_file(client, key, std::make_unique<MemorySource>(rows), dry_run);
  }
  /// All that is kept, as text.
  [[nodiscard]] std::string notes() const {
    std::string out;
    for (const auto& [name, value] : disk.outbox.notes()) out += name + "=" + value + "\n";
    return out;
  }
};

/// rows made joined already merged rejected
std::vector<std::uint64_t> counts(const LinkReport& r) {
  return {r.rows, r.made, r.joined, r.already, r.merged, r.rejected};
}
using Counted = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("link: the older of two pseudonyms is kept for both numbers, whichever file it came from") {
  School s;
  const std::string older_csv = s.under_student_number("400001");
  const std::string older_duo = s.under_bsn("900000012");
  const std::string younger_duo = s.under_bsn("900000024");
  const std::string younger_csv = s.under_student_number("400002");
  const auto report = s.link("Studentnummer;BSN\r\n400001;900000024\r\n400002;900000012\r\n");
  REQUIRE(report);
  CHECK(counts(*report) == Counted{2, 0, 0, 0, 2, 0});
  CHECK(s.under_bsn("900000024") == older_csv);
  CHECK(s.under_student_number("400001") == older_csv);
  CHECK(s.under_student_number("400002") == older_duo);
  CHECK(s.under_bsn("9000 000.12") == older_duo);
  CHECK(std::set{older_csv, older_duo, younger_duo, younger_csv}.size() == 4);
  CHECK(s.disk.outbox.published() == 0);
}

TEST_CASE("link: each case is counted, and the same file once more changes nothing") {
  School s;
  const std::string known = s.under_student_number("400001");
  const std::string file =
      "onderwijsnummer,naam,leerlingnummer,bsn\n"
      "900000005,A,400001,\n"           // known under one number
      "900000017,B,400002,900000024\n"  // new, with three numbers
      ",C,,900000036\n"                 // no student number
      ",D,400004,\n"                    // nothing but it
      ",E,400005,geen\n";               // no number
  const auto first = s.link(file);
  REQUIRE(first);
  CHECK(counts(*first) == Counted{5, 1, 1, 0, 0, 3});
  CHECK(first->reasons == std::vector<std::string>{"line 4: there is no student number",
                                                   "line 5: there is no BSN and no onderwijsnummer",
                                                   "line 6: the bsn is no number of nine digits"});
  CHECK(s.under_bsn("", "900000005") == known);
  CHECK(s.under_student_number("400002") == s.under_bsn("900000024"));
  CHECK(s.under_bsn("", "900000017") == s.under_bsn("900000024"));
  const std::string kept = s.notes();
  const auto again = s.link(file);
  REQUIRE(again);
  CHECK(counts(*again) == Counted{5, 0, 0, 2, 0, 3});
  CHECK(s.notes().size() == kept.size());
  CHECK(s.under_bsn("", "900000005") == known);
}

TEST_CASE("link: what led to the younger pseudonym by another number leads to the older one too") {
  School s;
  const std::string older = s.under_student_number("400001");
  const std::string younger = s.under_bsn("900000012", "900000005");  // both in one registration file
  REQUIRE(s.link("studentnummer;bsn\n400001;900000012\n"));
  CHECK(younger != older);
  CHECK(s.under_bsn("", "900000005") == older);
  // A third number in a later file, and a pseudonym that is given up in its turn.
  const std::string third = s.under_student_number("499999");
  REQUIRE(s.link("studentnummer;onderwijsnummer\n499999;900000005\n"));
  CHECK(third != older);
  for (const auto& now : {s.under_student_number("499999"), s.under_student_number("400001"), s.under_bsn("900000012"),
                          s.under_bsn("", "900000005")})
    CHECK(now == older);
}

TEST_CASE("link: pseudonyms from before ages were noted are older than those with one; of two, the BSN's is kept") {
  School s;
  const std::string aged = s.under_student_number("400001");
  const std::string old_duo = s.under_bsn("900000012");
  s.disk.outbox.erase("files.person.age", old_duo);
  REQUIRE(s.link("studentnummer;bsn\n400001;900000012\n"));
  CHECK(s.under_student_number("400001") == old_duo);
  const std::string old_csv = s.under_student_number("400002");
  const std::string other_duo = s.under_bsn("900000024");
  s.disk.outbox.erase("files.person.age", old_csv);
  s.disk.outbox.erase("files.person.age", other_duo);
  REQUIRE(s.link("studentnummer;bsn\n400002;900000024\n"));
  CHECK(s.under_student_number("400002") == other_duo);
}

TEST_CASE("link: a student number that was linked to another person is rejected, and nothing of it changes") {
  School s;
  REQUIRE(s.link("studentnummer;bsn\n400001;900000012\n"));
  const std::string right = s.under_bsn("900000012");
  const std::string other = s.under_bsn("900000024");
  const auto wrong = s.link("studentnummer;bsn\n400001;900000024\n");
  REQUIRE(wrong);
  CHECK(counts(*wrong) == Counted{1, 0, 0, 0, 0, 1});
  CHECK_THAT(wrong->reasons.front(), ContainsSubstring("it was linked before"));
  CHECK(s.under_student_number("400001") == right);
  CHECK(s.under_bsn("900000024") == other);
  // One student with two student numbers is one person, though.
  CHECK(s.link("studentnummer;bsn\n400009;900000012\n")->joined == 1);
  CHECK(s.under_student_number("400009") == right);
}

TEST_CASE("link: no number is kept or told, and a dry run keeps nothing at all") {
  School s;
  s.under_student_number("400001");
  s.under_bsn("900000024");
  const std::string before = s.notes();
  const std::string file = "studentnummer;bsn\n400001;900000024\n400002;123456789012\n400001;900000036\n";
  const auto dry = s.link(file, true);
  REQUIRE(dry);
  CHECK(counts(*dry) == Counted{3, 0, 0, 0, 1, 2});
  CHECK(s.notes() == before);
  const auto report = s.link(file);
  REQUIRE(report);
  CHECK(counts(*report) == counts(*dry));
  for (const std::string& said : {s.notes(), report->to_json(), report->to_text()}) {
    for (const char* number : {"400001", "400002", "900000024", "900000036", "123456789012"})
      CHECK(said.find(number) == std::string::npos);
  }
}

TEST_CASE("link: a file without its columns, and an outbox that fails, are told") {
  School s;
  CHECK(s.link("naam;bsn\nA;900000012\n").error().code == Errc::csv_column);
  CHECK(s.link("studentnummer;naam\n400001;A\n").error().code == Errc::csv_column);
  CHECK(s.link("").error().code == Errc::csv_column);
  s.client.refusal = Error{Errc::outbox_full, "full"};
  CHECK(s.link("studentnummer;bsn\n400001;900000012\n").error().code == Errc::outbox_full);
  CHECK(s.link("studentnummer;bsn\n400001;900000012\n", true).error().code == Errc::outbox_full);
  CHECK(s.notes().empty());
}

TEST_CASE("link: a long file goes in many transactions, and after one that died it is run again") {
  School s;
  std::string file = "studentnummer;bsn\n";
  for (int i = 0; i < 1'700; ++i) file += std::to_string(400'000 + i) + ";" + std::to_string(900'000'000 + i) + "\n";
  s.client.fail_after = 2;
  REQUIRE_FALSE(s.link(file));
  CHECK(s.disk.commits == 2);
  s.client.fail_after.reset();
  const auto report = s.link(file);
  REQUIRE(report);
  CHECK(counts(*report) == Counted{1'700, 700, 0, 1'000, 0, 0});
  CHECK(s.under_student_number("400123") == s.under_bsn("900000123"));
}

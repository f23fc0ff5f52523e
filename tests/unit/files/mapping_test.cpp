#include "adapters/files/mapping.hpp"

#include "tests/unit/files/sample.hpp"

using namespace iro;
using namespace iro::files;
using sample::Folder;
using sample::registry;
using sample::take;

namespace {

const std::string small = R"(
format = "test"
key = ["number"]
[column.number]
headers = ["Nummer"]
required = true
[column.student]
headers = ["Studentnummer"]
pseudonym = true
[column.begin]
headers = ["Begin"]
kind = "date"
[[event]]
type = "placement.adopted"
[event.set]
placement_id = { id = ["student", "number"], prefix = "pl" }
student = "student"
school = { text = "{member}" }
begin_on = "begin"
)";

std::string error_of(const std::string& toml) {
  const auto mapping = read_mapping(toml, "test.toml", registry());
  return mapping ? "" : mapping.error().text();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const std::string vacancy_header =
    "Plaatsnummer;Afdeling;Branche;Crebo;Niveau;Leerweg;Begindatum;Einddatum;Aantal plaatsen;Opmerking\r\n";
std::string vacancy(const std::string& number, const std::string& note = "") {
  return number + ";Beuk;VVT;25655, 25656;3,4;BOL;31-8-2026;13-9-2026;2;" + note + "\r\n";
}

}  // namespace

TEST_CASE("mapping: the mappings that come with the program fit the schemas") {
  const auto mappings = builtin_mappings(registry());
  if (!mappings) FAIL(mappings.error().text());
  CHECK(mappings->size() >= 6);
}

TEST_CASE("mapping: a mistake is told with its line and what was expected") {
  REQUIRE(error_of(small) == "");
  const struct {
    std::string from, to, line, told;
  } mistakes[] = {
      {"headers = [\"Nummer\"]", "header = [\"Nummer\"]", "test.toml:5:", "unknown key 'header'; known here: headers"},
      {"key = [\"number\"]", "key = [\"nummer\"]", "test.toml:3:", "there is no [column.nummer]"},
      {"key = [\"number\"]", "", "test.toml:", "'key' is missing"},
      {"kind = \"date\"", "kind = \"datum\"", "test.toml:12:", "kind 'datum' is unknown: text, integer"},
      {"placement.adopted", "placement.adoptd", "test.toml:14:", "there is no event type 'placement.adoptd'"},
      {"begin_on = \"begin\"", "begins_on = \"begin\"", "test.toml:19:", "no field 'begins_on'"},
      {"begin_on = \"begin\"", "begin_on = \"start\"", "test.toml:19:", "there is no [column.start]"},
      {"begin_on = \"begin\"", "begin_on = { now = true }", "test.toml:19:", "unknown key 'now'; known here: constant"},
      {"begin_on = \"begin\"", "\"begin_on[0]\" = \"begin\"", "test.toml:19:", "is no list"},
      {"begin_on = \"begin\"", "\"Begin On\" = \"begin\"", "test.toml:19:", "is not a path"},
      {"begin_on = \"begin\"", "begin_on = { text = \"{begin\" }", "test.toml:19:", "a { without its }"},
      {"format = \"test\"", "format = \"test\"\nencoding = \"klingon\"",
       "test.toml:3:", "encoding 'klingon' is unknown: utf-8"},
      {"format = \"test\"", "format = \"test\"\nseparator = \"x\"", "test.toml:3:", "must be one of ;,|"},
      {"format = \"test\"", "format = 5", "test.toml:2:", "must be a text"},
      {"required = true", "required = \"ja\"", "test.toml:6:", "must be true or false"},
      {"kind = \"date\"", "codes = \"kleur\"", "test.toml:12:", "there is no [codes.kleur]"},
      {"pseudonym = true", "pseudonym = true\nkind = \"integer\"", "test.toml:7:", "one plain text"},
      {"[[event]]", "[[event", "test.toml:", ""},
  };
  for (const auto& m : mistakes) {
    INFO(m.to);
    const std::string error = error_of(replaced(small, m.from, m.to));
    CHECK_THAT(error, ContainsSubstring("mapping_invalid") && ContainsSubstring(m.line) && ContainsSubstring(m.told));
  }
}

TEST_CASE("mapping: headers are found without case, by any alias, with spaces, hyphens and underscores alike") {
  CHECK(folded("  Leerbedrijf-ID ") == folded("leerbedrijf_id"));
  CHECK(folded("CO\xC3\x96RDINATOR") == folded("co\xC3\xB6rdinator"));
  const Folder folder;
  const auto taken =
      take(folder.write("v.csv", "VACANCY ID;begin-datum;eind_datum;AANTAL;Programme\n1;x;1-9-2026;1;25655\n"));
  CHECK(taken.error);  // "begin-datum" is not "begindatum"
  const auto known =
      take(folder.write("w.csv", "VACANCY ID;Start Date;t/m;AANTAL;Programme\n1;2026-09-01;2026-09-02;1;25655\n"));
  CHECK(known.counts.events == 1);
}

TEST_CASE("mapping: a row of a provider becomes vacancy.opened, with its codes, lists and seats a week") {
  const Folder folder;
  const auto taken = take(folder.write("v.csv", vacancy_header + vacancy("12", "\"zegt \"\"ja\"\"\r\nop dinsdag\"")));
  REQUIRE(taken.types == std::vector<std::string>{"nl.placements.vacancy.opened.v1"});
  const std::string& json = taken.payloads[0];
  CHECK_THAT(json, ContainsSubstring("\"vacancy_id\":\"roc-noord-12\"") &&
                       ContainsSubstring("\"provider\":\"roc-noord\"") &&
                       ContainsSubstring("\"branch\":\"nursing_home_care\"") &&
                       ContainsSubstring("\"programmes\":[\"25655\",\"25656\"]") &&
                       ContainsSubstring("\"levels\":[3,4]") && ContainsSubstring("\"learning_paths\":[\"bol\"]") &&
                       ContainsSubstring("{\"week\":\"2026-W36\",\"seats\":2},{\"week\":\"2026-W37\",\"seats\":2}]") &&
                       ContainsSubstring("op dinsdag"));
}

TEST_CASE("mapping: weeks of a year's turn are ISO weeks") {
  const Folder folder;
  const auto taken = take(folder.write("v.csv", vacancy_header + "1;A;VVT;25655;3;bol;28-12-2026;10-1-2027;1;\n"));
  REQUIRE(taken.payloads.size() == 1);
  CHECK_THAT(taken.payloads[0],
             ContainsSubstring("2026-W53") && ContainsSubstring("2027-W01") && !ContainsSubstring("2027-W02"));
}

TEST_CASE("mapping: an unchanged row in a later file is passed over, a changed one becomes vacancy.changed") {
  const Folder folder;
  const PrivateKey key = PrivateKey::random();
  const Formats formats = sample::formats();
  MemoryOutbox outbox(true);
  take(folder.write("a.csv", vacancy_header + vacancy("1") + vacancy("2")), outbox, key, formats);
  const auto second = take(folder.write("b.csv", vacancy_header + vacancy("2", "anders") + vacancy("1") + vacancy("3")),
                           outbox, key, formats);
  CHECK(second.types ==
        std::vector<std::string>{"nl.placements.vacancy.changed.v1", "nl.placements.vacancy.opened.v1"});
  CHECK(second.counts.unchanged == 1);
  CHECK(second.counts.changed == 1);
}

TEST_CASE("mapping: a row that goes back to what it was is sent again, under another foreign id") {
  const Folder folder;
  const PrivateKey key = PrivateKey::random();
  const Formats formats = sample::formats();
  MemoryOutbox outbox(true);
  for (const std::string note : {"eerst", "dan", "eerst"})
    take(folder.write("a.csv", vacancy_header + vacancy("1", note)), outbox, key, formats);
  REQUIRE(outbox.events().size() == 3);
  std::set<std::string> ids;
  for (const auto& e : outbox.events()) ids.insert(e.foreign_id);
  CHECK(ids.size() == 3);
  for (const std::string& id : ids) CHECK(id.size() <= 255);
}

TEST_CASE("mapping: columns may stand in another order, and columns that nobody knows are no change") {
  const Folder folder;
  const PrivateKey key = PrivateKey::random();
  const Formats formats = sample::formats();
  MemoryOutbox outbox(true);
  take(folder.write("a.csv", "Plaatsnummer;Crebo;Begindatum;Einddatum;Aantal\n1;25655;1-9-2026;2-9-2026;1\n"), outbox,
       key, formats);
  const auto other =
      take(folder.write("b.csv",
                        "Kleur,Aantal,Crebo,Einddatum,Begindatum,Plaatsnummer\nrood,1,25655,20260902,2026-09-01,1\n"),
           outbox, key, formats);
  CHECK(other.counts.unchanged == 1);
}

TEST_CASE("mapping: one row can make two events, the second only when its column is filled") {
  const Folder folder;
  const std::string header =
      "Plaatsingsnummer;Studentnummer;Crebo;Begindatum;Geplande einddatum;Werkelijke einddatum\n";
  const auto taken = take(
      folder.write("p.csv", header + "1;S-100;25655;1-9-2025;1-2-2026;\n2;S-101;25655;1-9-2025;1-2-2026;3-11-2025\n"));
  CHECK(taken.types == std::vector<std::string>{"nl.placements.placement.adopted.v1",
                                                "nl.placements.placement.adopted.v1",
                                                "nl.placements.placement.ended.v1"});
}

TEST_CASE("mapping: a student number becomes a pseudonym, the same from file to file, and is nowhere else") {
  const Folder folder;
  const PrivateKey key = PrivateKey::random();
  const Formats formats = sample::formats();
  MemoryOutbox outbox(true);
  const std::string header = "Studentnummer;Datum signaal;Vervolgactie;Datum vervolgactie;Gesignaleerd door\n";
  const auto a = take(folder.write("a.csv", header + "987654321;1-10-2026;gesprek met student;5-10-2026;mentor\n"),
                      outbox, key, formats);
  const auto b =
      take(folder.write("b.csv", header + "987654321;2-10-2026;Extra begeleiding;5-10-2026;SLB\n987654321;x;y;z;q\n"),
           outbox, key, formats);
  REQUIRE(a.types == std::vector<std::string>{"nl.placements.student.at-risk.v1"});
  REQUIRE(b.payloads.size() == 1);
  const auto student = [](const std::string& json) {
    const std::size_t at = json.find("\"student\":\"") + 11;
    return json.substr(at, 22);
  };
  CHECK(student(a.payloads[0]) == student(b.payloads[0]));
  std::string everything;
  for (const auto& [where, note] : outbox.notes()) everything += where + note;
  for (const auto& e : outbox.events()) everything += e.foreign_id + std::string(as_text(e.payload));
  for (const Reject& r : b.rejects) everything += r.original + r.reason;
  CHECK(everything.find("987654321") == std::string::npos);
}

TEST_CASE("mapping: a bad row goes to the rejects with line, column and reason while the good ones go on") {
  const Folder folder;
  const auto taken = take(folder.write(
      "v.csv", vacancy_header + vacancy("1") + "2;Beuk;Kapper;25655;3;bol;1-9-2026;2-9-2026;1;\r\n" +
                   "3;Beuk;VVT;25655;3;bol;31-6-2026;2-9-2026;1;\r\n" +
                   "4;Beuk;VVT;25655;drie;bol;1-9-2026;2-9-2026;1;\r\n" +
                   ";Beuk;VVT;25655;3;bol;1-9-2026;2-9-2026;1;\r\n" + "6;Beuk;VVT;25655;3;bol;1-9-2026\r\n" +
                   "7;Beuk;VVT;25655;3;bol;1-9-2026;2-9-2026;1;;te veel\r\n" + vacancy("8")));
  CHECK(taken.counts.events == 2);
  CHECK(taken.counts.rejected == 6);
  REQUIRE(taken.rejects.size() == 6);
  const struct {
    std::uint64_t line, column;
    std::string field, reason;
    Errc code;
  } expected[] = {
      {3, 8, "Branche", "one of:", Errc::csv_value},
      {4, 24, "Begindatum", "a date", Errc::csv_value},
      {5, 18, "Niveau", "whole number", Errc::csv_value},
      {6, 1, "Plaatsnummer", "empty", Errc::csv_value},
      {7, 32, "", "7 fields where the header has 10", Errc::csv_width},
      {8, 45, "", "11 fields", Errc::csv_width},
  };
  for (std::size_t i = 0; i < 6; ++i) {
    INFO("row " << i);
    CHECK(taken.rejects[i].at.line == expected[i].line);
    CHECK(taken.rejects[i].at.column == expected[i].column);
    CHECK(taken.rejects[i].column == expected[i].field);
    CHECK(taken.rejects[i].code == expected[i].code);
    CHECK_THAT(taken.rejects[i].reason, ContainsSubstring(expected[i].reason));
  }
}

TEST_CASE("mapping: a value that the schema refuses is told at its column") {
  const Folder folder;
  const auto taken = take(folder.write("v.csv", vacancy_header + "1;Beuk;VVT;25655;3;bol;1-9-2026;2-9-2026;70000;\r\n" +
                                                    "2;Beuk;VVT;25655;-3;bol;1-9-2026;2-9-2026;1;\r\n"));
  CHECK(taken.counts.rejected == 2);
  REQUIRE(taken.rejects.size() == 2);
  CHECK(taken.rejects[0].code == Errc::payload_invalid);
  CHECK(taken.rejects[1].column == "Niveau");
}

TEST_CASE("mapping: a personal number in a note stays here: the row is rejected, and the number is not repeated") {
  const Folder folder;
  const auto taken =
      take(folder.write("v.csv", vacancy_header + vacancy("1", "bel 900000041 even") + vacancy("2", "bel even")));
  CHECK(taken.counts.events == 1);
  REQUIRE(taken.rejects.size() == 1);
  CHECK(taken.rejects[0].code == Errc::personal_number);
  CHECK(taken.rejects[0].column == "Opmerking");
  CHECK(taken.rejects[0].original.find("900000041") == std::string::npos);
}

TEST_CASE("mapping: an id that looks like a personal number is rejected here, not by the hub later") {
  const Folder folder;
  const auto taken = take(folder.write("v.csv", vacancy_header + vacancy("900000041") + vacancy("2")));
  CHECK(taken.counts.events == 1);
  REQUIRE(taken.rejects.size() == 1);
  CHECK(taken.rejects[0].code == Errc::personal_number);
  CHECK(taken.rejects[0].original == "");
}

TEST_CASE("mapping: a file that no mapping fits is refused with the nearest one and what it misses") {
  const Folder folder;
  const auto taken = take(folder.write("v.csv", "Plaatsnummer;Crebo;Begindatum;Einddatum\n1;2;3;4\n"));
  REQUIRE(taken.error);
  CHECK(taken.error->code == Errc::csv_column);
  CHECK_THAT(taken.error->message, ContainsSubstring("'vacancies'") && ContainsSubstring("aantal plaatsen"));
  CHECK(take(folder.write("e.csv", "")).error->code == Errc::csv_column);
  CHECK_THAT(take(folder.write("x.xlsx", "PK\x03\x04 and so on")).error->message, ContainsSubstring("save it as CSV"));
}

TEST_CASE("mapping: a mapping of the member takes the place of a built-in one of the same format") {
  const Folder folder;
  std::string text = replaced(small, "format = \"test\"", "format = \"vacancies\"\nencoding = \"windows-1252\"");
  const auto own = folder.write("mappings/own.toml", text);
  const auto both = with_folder(builtin_mappings(registry()).value(), own.parent_path(), registry());
  REQUIRE(both);
  CHECK(std::ranges::count(*both, "vacancies", &Mapping::format) == 1);
  CHECK(both->back().encoding == Encoding::windows_1252);
  const auto bad = folder.write("mappings/zz.toml", "format = 1");
  CHECK_FALSE(with_folder({}, bad.parent_path(), registry()));
}

TEST_CASE("mapping: rows of nothing but separators are no rows") {
  const Folder folder;
  CHECK(take(folder.write("v.csv", vacancy_header + vacancy("1") + ";;;;;;;;;\r\n ; ;;;;;;;;\r\n")).counts.records ==
        1);
}

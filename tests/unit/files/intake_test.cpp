#include "adapters/files/intake.hpp"

#include <map>

#include "adapters/files/values.hpp"
#include "tests/unit/files/sample.hpp"
#include "tests/unit/files/twin_client.hpp"

using namespace iro;
using namespace iro::files;
using sample::Folder;
using sample::TwinClient;
using sample::TwinDisk;

namespace {

/// A member with its folders and an outbox that survives the client.
struct Member {
  Folder folder;
  TwinDisk disk;
  Formats formats = sample::formats();
  PrivateKey key = PrivateKey::random();
  MemberFolder folders{folder.path()};
  TwinClient client{disk};
  IntakeContext context{client, sample::registry(), formats, key, folders, "roc-noord"};

  Member() { REQUIRE(folders.create()); }
  std::filesystem::path put(const std::string& name, const std::string& text) const {
    return folder.write("outbox/" + name, text);
  }
  Result<TakenFile> take(const std::filesystem::path& path) const { return take_file(context, path, true, {}); }
};

std::string vacancies(int rows, int bad_each = 0) {
  std::string text = "Plaatsnummer;Crebo;Begindatum;Einddatum;Aantal;Opmerking\r\n";
  for (int i = 1; i <= rows; ++i) {
    const std::string seats = bad_each > 0 && i % bad_each == 0 ? "veel" : "1";
    text += std::to_string(i) + ";25655;1-9-2026;2-9-2026;" + seats + ";=1+1\r\n";
  }
  return text;
}

/// Foreign ids of all events, which name the row and its content: none may occur twice.
std::map<std::string, int> rows_sent(const TwinDisk& disk) {
  std::map<std::string, int> out;
  for (const auto& e : disk.outbox.events()) ++out[e.foreign_id];
  return out;
}

}  // namespace

TEST_CASE("intake: a taken file moves to done, its bad rows to a reject file without formulas") {
  const Member m;
  const auto path = m.put("vacatures.csv", vacancies(10, 4) + "=9;25655;x;=1+1;1;\"=cmd()\"\r\n");
  const auto taken = m.take(path);
  REQUIRE(taken);
  CHECK(taken->outcome == Outcome::taken);
  CHECK(taken->counts.events == 8);
  CHECK(taken->counts.rejected == 3);
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(std::filesystem::exists(m.folders.done() / "vacatures.csv"));
  const std::string rejects = sample::read_file(m.folders.rejected() / "vacatures.csv.rejects.csv");
  CHECK_THAT(rejects,
             ContainsSubstring("line;column;field;code;reason;original\r\n") &&
                 ContainsSubstring("5;27;Aantal;csv_value;expected a whole number without points or spaces;veel\r\n") &&
                 ContainsSubstring(";'=1+1\r\n") && !ContainsSubstring(";=1+1"));
  CHECK(std::filesystem::is_empty(m.folders.work()));
}

TEST_CASE("intake: the same content under another name is already taken") {
  const Member m;
  REQUIRE(m.take(m.put("a.csv", vacancies(3))));
  const auto again = m.take(m.put("b.csv", vacancies(3)));
  REQUIRE(again);
  CHECK(again->outcome == Outcome::already_taken);
  CHECK(m.disk.outbox.published() == 3);
  CHECK(std::filesystem::exists(m.folders.done() / "b.csv"));
}

TEST_CASE("intake: a file of the same name with other rows takes the new ones, and loses neither file") {
  const Member m;
  REQUIRE(m.take(m.put("a.csv", vacancies(3))));
  const auto longer = m.take(m.put("a.csv", vacancies(5)));
  REQUIRE(longer);
  CHECK(longer->counts.unchanged == 3);
  CHECK(longer->counts.events == 2);
  std::size_t done = 0;
  for (const auto& entry : std::filesystem::directory_iterator(m.folders.done())) done += entry.is_regular_file();
  CHECK(done == 2);
}

TEST_CASE("intake: a file that cannot be used at all is refused, before anything of it is taken") {
  const Member m;
  const std::string latin = vacancies(2000) + "x;25655;1-9-2026;2-9-2026;1;co\xF6rdinator\r\n";
  const auto refused = m.take(m.put("latin.csv", latin));
  REQUIRE(refused);
  CHECK(refused->outcome == Outcome::refused);
  CHECK(refused->error->code == Errc::csv_encoding);
  CHECK_THAT(refused->error->message, ContainsSubstring("line 2002"));
  CHECK(m.disk.outbox.published() == 0);
  CHECK(std::filesystem::exists(m.folders.rejected() / "latin.csv"));
  CHECK_THAT(sample::read_file(m.folders.rejected() / "latin.csv.rejects.csv"), ContainsSubstring("csv_encoding"));
  CHECK(m.take(m.put("leeg.csv", ""))->outcome == Outcome::refused);
  CHECK(m.take(m.put("kop.csv", "een;twee\n1;2\n"))->error->code == Errc::csv_column);
}

TEST_CASE("intake: rows go in transactions of 500, with progress after each") {
  const Member m;
  std::vector<Progress> seen;
  const auto taken =
      take_file(m.context, m.put("a.csv", vacancies(1200)), true, [&](const Progress& p) { seen.push_back(p); });
  REQUIRE(taken);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].records == 500);
  CHECK(seen[2].records == 1200);
  CHECK(seen[2].bytes == seen[2].total_bytes);
}

TEST_CASE("intake: dying behind any transaction, every row makes its events exactly once") {
  const std::string text = vacancies(1800, 7);
  for (std::size_t death = 0; death <= 8; ++death) {
    INFO("dies at commit " << death);
    Member m;
    const auto path = m.put("a.csv", text);
    m.client.fail_after = death;
    const bool lived = bool(m.take(path));
    m.client.fail_after.reset();
    if (std::filesystem::exists(path)) REQUIRE(m.take(path));
    CHECK((lived || death < 8));
    const auto sent = rows_sent(m.disk);
    CHECK(sent.size() == 1800 - 257);
    for (const auto& [id, times] : sent) REQUIRE(times == 1);
    const std::string rejects = sample::read_file(m.folders.rejected() / "a.csv.rejects.csv");
    CHECK(std::ranges::count(rejects, '\n') == 258);
    CHECK(std::filesystem::exists(m.folders.done() / "a.csv"));
  }
}

TEST_CASE("intake: what a killed process wrote behind the recorded length of the reject file is cut off") {
  Member m;
  const std::string text = vacancies(1000, 10);
  const auto path = m.put("a.csv", text);
  m.client.fail_after = 2;  // reading the note, then the first 500 rows
  REQUIRE_FALSE(m.take(path));
  for (const auto& work : std::filesystem::directory_iterator(m.folders.work())) {
    std::ofstream(work.path(), std::ios::binary | std::ios::app) << "999;1;torn";
  }
  m.client.fail_after.reset();
  REQUIRE(m.take(path));
  const std::string rejects = sample::read_file(m.folders.rejected() / "a.csv.rejects.csv");
  CHECK(std::ranges::count(rejects, '\n') == 101);
  CHECK_THAT(rejects, !ContainsSubstring("torn"));
}

TEST_CASE("intake: a full outbox stops the file where it is, and it goes on later") {
  Member m;
  const auto path = m.put("a.csv", vacancies(10));
  m.client.refusal = Error{Errc::outbox_full, "1,000,000 events wait"};
  const auto stopped = m.take(path);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().code == Errc::outbox_full);
  CHECK(std::filesystem::exists(path));
  m.client.refusal.reset();
  CHECK(m.take(path)->counts.events == 10);
}

TEST_CASE("intake: a file that changes while it is read is left alone, and then taken as what it became") {
  const Member m;
  const auto path = m.put("a.csv", vacancies(1000));
  auto job = FileJob::open(m.context, path);
  REQUIRE(job);
  REQUIRE((*job)->step().value() == false);
  std::ofstream(path, std::ios::app) << "1001;25655;1-9-2026;2-9-2026;1;\r\n";
  const auto changed = (*job)->step();
  REQUIRE_FALSE(changed);
  CHECK(changed.error().code == Errc::busy);
  const auto taken = m.take(path);
  REQUIRE(taken);
  CHECK(taken->counts.unchanged == 500);
  const auto sent = rows_sent(m.disk);
  CHECK(sent.size() == 1001);
  CHECK(m.disk.outbox.published() == 1001);
}

TEST_CASE("intake: a file with rejects may be offered again after the mapping was corrected") {
  Member m;
  const std::string text =
      "Plaatsnummer;Crebo;Begindatum;Einddatum;Aantal;Branche\n1;25655;1-9-2026;2-9-2026;1;VVT\n2;25655;1-9-2026;2-9-"
      "2026;1;Kapper\n";
  CHECK(m.take(m.put("a.csv", text))->counts.rejected == 1);
  CHECK(m.take(m.put("a.csv", text))->outcome == Outcome::already_taken);
  for (Mapping& mapping : m.formats.mappings) {
    if (mapping.format != "vacancies") continue;
    mapping.codes["branch"][folded("Kapper")] = "other";
    mapping.hash = "corrected";
  }
  const auto corrected = m.take(m.put("a.csv", text));
  CHECK(corrected->outcome == Outcome::taken);
  CHECK(corrected->counts.unchanged == 1);
  CHECK(corrected->counts.events == 1);
}

TEST_CASE("intake: a file sent again gives the hub what it refused, under the ids that it knows") {
  Member m;
  const std::string text = vacancies(3);
  REQUIRE(m.take(m.put("a.csv", text)));
  m.context.again = true;
  const auto again = m.take(m.put("a.csv", text));
  REQUIRE(again);
  CHECK(again->outcome == Outcome::taken);
  CHECK(again->counts.events == 3);
  const auto sent = rows_sent(m.disk);
  CHECK(sent.size() == 3);
  for (const auto& [id, times] : sent) CHECK(times == 2);
}

TEST_CASE("intake: no attribute that the adapter makes looks like a personal number to the hub") {
  const Member m;
  REQUIRE(m.take(m.put("a.csv", vacancies(3000))));
  for (const auto& e : m.disk.outbox.events()) REQUIRE_FALSE(looks_personal(e.foreign_id));
  for (int i = 0; i < 3000; ++i) {
    MemoryOutbox notes;
    REQUIRE_FALSE(looks_personal(Pseudonyms(m.key, notes).derived_id("pl", std::to_string(i))));
    REQUIRE_FALSE(looks_personal(random_pseudonym()));
  }
}

TEST_CASE("intake: no byte of a personal number stands in what the member's outbox holds") {
  const Member m;
  std::string text = "VLP;99ZZ\r\n";
  for (int i = 0; i < 50; ++i) {
    text += "BPV;" + std::to_string(900'000'000 + i * 7) + ";" + std::to_string(800'000'000 + i) +
            ";1;1;1-8-2022;1-8-2022;31-7-2025;" + (i % 5 == 0 ? "x" : "31-7-2025") + ";900;100000001;25655;\r\n";
  }
  const auto taken = m.take(m.put("ro.csv", text));
  REQUIRE(taken);
  CHECK(taken->counts.new_pseudonyms == 40);
  std::string everything = sample::read_file(taken->rejects);
  for (const auto& [where, note] : m.disk.outbox.notes()) everything += where + note;
  for (const auto& e : m.disk.outbox.events()) everything += e.foreign_id + e.subject + std::string(as_text(e.payload));
  for (int i = 0; i < 50; ++i) {
    REQUIRE(everything.find(std::to_string(900'000'000 + i * 7)) == std::string::npos);
    REQUIRE(everything.find(std::to_string(800'000'000 + i)) == std::string::npos);
  }
}

TEST_CASE("pseudonyms: the key is made once, stays private, and is never made anew over a damaged one") {
  const Folder folder;
  const auto path = folder.path() / "pseudonyms.key";
  const auto made = PrivateKey::open(path);
  REQUIRE(made);
  CHECK((std::filesystem::status(path).permissions() &
         (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) == std::filesystem::perms::none);
  CHECK(PrivateKey::open(path)->mac("a", "b") == made->mac("a", "b"));
  CHECK(made->mac("a", "b") != made->mac("b", "a"));
  std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  CHECK(PrivateKey::open(path).error().code == Errc::config_invalid);
  std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::remove);
  std::filesystem::resize_file(path, 31);
  CHECK(PrivateKey::open(path).error().code == Errc::corrupt);
}

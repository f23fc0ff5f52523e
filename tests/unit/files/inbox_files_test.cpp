#include "adapters/files/inbox_files.hpp"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>

#include "tests/unit/files/sample.hpp"

using namespace iro;
using namespace iro::files;
using sample::Folder;
using sample::read_file;

namespace {

schema::Event vacancy(int number, const std::string& note = "") {
  const schema::EventType* type = sample::registry().find_loosely("vacancy.opened");
  REQUIRE(type != nullptr);
  schema::Event event;
  event.id.b[0] = static_cast<std::uint8_t>(number);
  event.id.b[1] = static_cast<std::uint8_t>(number >> 8);
  event.type = type->name;
  event.source = "urn:nld:oin:00000099000000001000:systeem:test";
  event.time = TimeMs(1'790'000'000'000);
  event.recordedtime = TimeMs(1'790'000'000'000);
  const std::string json = R"({"vacancy_id":"v-)" + std::to_string(number) +
                           R"(","provider":"zorg","offer":{"levels":[3,4],"hours_per_week":28,)" +
                           R"("seats":[{"week":"2026-W36","seats":2}],"note":")" + note + "\"}}";
  event.payload = sample::registry().from_json(*type, json).value();
  return event;
}

/// An inbox that survives the process, and a process that writes to it.
struct Inbox {
  Folder folder;
  SQLite::Database db{(folder.path() / "inbox.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  std::unique_ptr<InboxFiles> files;

  Inbox() { restart(); }
  void restart() { files = std::make_unique<InboxFiles>(folder.path(), sample::registry()); }
  /// With `die` the process is killed between the files and the commit.
  void receive(const schema::Event& event, bool die = false) {
    SQLite::Transaction transaction(db);
    const Status written = files->write(schema::view_of(event), db);
    if (!written) FAIL(written.error().text());
    if (!die) transaction.commit();
    if (die) restart();
  }
  [[nodiscard]] std::filesystem::path csv() const { return folder.path() / "vacancy.opened.csv"; }
  [[nodiscard]] std::filesystem::path lines() const { return folder.path() / "2026-09.jsonl"; }
};

auto count_lines(const std::filesystem::path& path) { return std::ranges::count(read_file(path), '\n'); }

}  // namespace

TEST_CASE("inbox: an event is a row under the columns of its type, and a line of its month") {
  Inbox inbox;
  inbox.receive(vacancy(1, "=1+1"));
  const std::string csv = read_file(inbox.csv());
  CHECK_THAT(csv, ContainsSubstring("\xEF\xBB\xBFid;time;recordedtime;source;subject;") &&
                      ContainsSubstring("vacancy_id;provider;offer.ward_id") && ContainsSubstring(";v-1;zorg;") &&
                      ContainsSubstring("\"3, 4\"") && ContainsSubstring(";28;") && ContainsSubstring(";'=1+1;"));
  CHECK_THAT(read_file(inbox.lines()), ContainsSubstring("\"specversion\":\"1.0\"") && ContainsSubstring("v-1"));
}

TEST_CASE("inbox: a process killed before the commit neither doubles nor tears a line") {
  Inbox inbox;
  inbox.receive(vacancy(1), true);
  inbox.receive(vacancy(1));
  inbox.receive(vacancy(2, "een veel langere opmerking"), true);
  inbox.receive(vacancy(3));
  inbox.receive(vacancy(2));
  CHECK(count_lines(inbox.csv()) == 4);
  CHECK(count_lines(inbox.lines()) == 3);
  CHECK_THAT(read_file(inbox.csv()), !ContainsSubstring("langere"));
}

TEST_CASE("inbox: an event whose handling was undone leaves nothing, in the same process too") {
  Inbox inbox;
  inbox.receive(vacancy(1));
  {
    SQLite::Transaction transaction(inbox.db);
    REQUIRE(inbox.files->write(schema::view_of(vacancy(9, "ongedaan")), inbox.db));
  }
  inbox.receive(vacancy(2));
  CHECK(count_lines(inbox.csv()) == 3);
  CHECK_THAT(read_file(inbox.csv()), !ContainsSubstring("ongedaan"));
}

TEST_CASE("inbox: lines that a power cut took from the files are written again") {
  Inbox inbox;
  for (int i = 1; i <= 300; ++i) inbox.receive(vacancy(i));
  const std::string whole = read_file(inbox.csv());
  std::filesystem::resize_file(inbox.csv(), whole.size() - 500);  // within what was not synced yet
  std::filesystem::resize_file(inbox.lines(), read_file(inbox.lines()).size() - 700);
  inbox.restart();
  inbox.receive(vacancy(301));
  CHECK(read_file(inbox.csv()).starts_with(whole));
  CHECK(count_lines(inbox.csv()) == 302);
  CHECK(count_lines(inbox.lines()) == 301);
}

TEST_CASE("inbox: a file that was moved away is begun anew, with its header; one that was shortened is put aside") {
  Inbox inbox;
  inbox.receive(vacancy(1));
  std::filesystem::rename(inbox.csv(), inbox.folder.path() / "gelezen.csv");
  inbox.receive(vacancy(2));
  CHECK(count_lines(inbox.csv()) == 2);
  CHECK(read_file(inbox.csv()).starts_with("\xEF\xBB\xBFid;"));
  for (int i = 3; i < 600; ++i) inbox.receive(vacancy(i));
  std::filesystem::resize_file(inbox.csv(), 100);
  inbox.receive(vacancy(600));
  CHECK(std::filesystem::exists(inbox.folder.path() / "vacancy.opened.csv.changed"));
  CHECK(count_lines(inbox.csv()) == 2);
}

TEST_CASE("inbox: an event of a type that this program does not know is refused, not half written") {
  Inbox inbox;
  schema::Event event = vacancy(1);
  event.type = "nl.placements.something.new.v1";
  SQLite::Transaction transaction(inbox.db);
  CHECK(inbox.files->write(schema::view_of(event), inbox.db).error().code == Errc::unknown_type);
  CHECK_FALSE(std::filesystem::exists(inbox.lines()));
}

#include "hub/log/sqlite/verify.hpp"

#include <fmt/format.h>

#include <functional>

#include "hub/log/sqlite/backup.hpp"
#include "hub/log/sqlite/chunk_rows.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/sqlite_key_ring.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"
#include "hub/log/sqlite/sqlite_reader.hpp"
#include "hub/log/sqlite/tables.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

const ManualClock noon(TimeMs(1'795'000'000'000));  // 2026-11, month 24,322

void make_log(const Folder& folder, int commits = 30) {
  auto log = SqliteLog::open(folder.path(), noon);
  REQUIRE(log);
  Writer writer(*(*log)->load());
  for (int i = 0; i < commits; ++i) {
    const Commit commit = writer.commit();
    REQUIRE((*log)->commit(commit));
    writer.took(commit);
  }
}

VerifyReport report_of(const Folder& folder) {
  const auto report = verify(folder.path());
  INFO((report ? "" : report.error().text()));
  REQUIRE(report);
  return *report;
}

/// A forger who writes through the page VFS, so that every page has its checksum.
void tamper(const Folder& folder, const std::function<void(SQLite::Database&)>& how) {
  ConnectionOptions options;
  options.access = Access::create_or_write;
  auto db = open_connection(folder.path() / "log.db", options);
  REQUIRE(db);
  how(**db);
  REQUIRE(truncate_wal(**db));
}

std::string found(const Folder& folder) {
  std::string out;
  for (const Finding& f : report_of(folder).findings) out += f.text() + "\n";
  return out;
}

}  // namespace

TEST_CASE("verify: a log that nobody touched is sound, also while a hub has it open") {
  const Folder folder;
  make_log(folder);
  VerifyReport report = report_of(folder);
  CHECK(report.sound());
  CHECK(report.events == 90);
  CHECK(report.chunks == 30);
  CHECK(report.bodies == 90);
  CHECK(report.pages * 4'096 == std::filesystem::file_size(folder.path() / "log.db"));

  auto log = SqliteLog::open(folder.path(), noon);
  Writer writer(*(*log)->load());
  const Commit commit = writer.commit();
  REQUIRE((*log)->commit(commit));
  report = report_of(folder);
  CHECK(report.sound());
  CHECK(report.head == commit.chunk->head);
}

TEST_CASE("verify: it changes nothing") {
  const Folder folder;
  make_log(folder);
  const Bytes before = file_bytes(folder.path() / "log.db");
  CHECK(report_of(folder).sound());
  CHECK(file_bytes(folder.path() / "log.db") == before);
}

TEST_CASE("verify: every way of changing history is found") {
  const Folder folder;
  make_log(folder);
  SECTION("a byte of a directory") {
    tamper(folder, [](SQLite::Database& db) {
      db.exec("UPDATE chunk SET dir=CAST(substr(dir,1,100)||x'A55A'||substr(dir,103) AS BLOB) WHERE first_seq=31");
    });
    CHECK_THAT(found(folder), ContainsSubstring("position 31, chunk") && ContainsSubstring("the head does not fit"));
  }
  SECTION("a directory and its head") {
    tamper(folder, [](SQLite::Database& db) {
      Chunk forged = (*ChunkRows(db).at_or_after(Seq(31)))->chunk();
      forged.dir.back() ^= 1;  // of the last text
      const Hash head = with_fitting_head(forged).head;
      SQLite::Statement update(db, "UPDATE chunk SET dir=?, head=? WHERE first_seq=31");
      update.bind(1, forged.dir.data(), static_cast<int>(forged.dir.size()));
      update.bind(2, head.data(), static_cast<int>(head.size()));
      update.exec();
    });
    CHECK_THAT(found(folder), ContainsSubstring("position 34, chunk: it does not follow the chunk before"));
  }
  SECTION("a body") {
    tamper(folder, [](SQLite::Database& db) {
      db.exec("UPDATE body SET bytes=CAST(substr(bytes,1,length(bytes)-1)||x'00' AS BLOB) WHERE id&((1<<44)-1)=31");
    });
    CHECK_THAT(found(folder), ContainsSubstring("body: header and body are not what was committed"));
  }
  SECTION("a body's length") {
    tamper(folder, [](SQLite::Database& db) {
      db.exec("UPDATE body SET bytes=CAST(bytes||x'00' AS BLOB) WHERE id&((1<<44)-1)=31");
    });
    CHECK_THAT(found(folder), ContainsSubstring("position 31, body"));
  }
  SECTION("a missing body") {
    tamper(folder, [](SQLite::Database& db) { db.exec("DELETE FROM body WHERE id&((1<<44)-1)=31"); });
    CHECK_THAT(found(folder), ContainsSubstring("neither a retention row nor a tombstone says why"));
  }
  SECTION("an atom") {
    tamper(folder, [](SQLite::Database& db) { db.exec("UPDATE atom SET text='other' WHERE no=2"); });
    CHECK_THAT(found(folder), ContainsSubstring("table atom: row 2"));
  }
  SECTION("a set") {
    tamper(folder, [](SQLite::Database& db) { db.exec("UPDATE audience_set SET members=x'0100000003000000'"); });
    CHECK_THAT(found(folder), ContainsSubstring("table audience_set: row 1"));
  }
  SECTION("an atom too few") {
    tamper(folder, [](SQLite::Database& db) { db.exec("DELETE FROM atom WHERE no=2"); });
    CHECK_THAT(found(folder), ContainsSubstring("table atom: 1 rows, but the chunks define 2"));
  }
  SECTION("a removed chunk") {
    tamper(folder, [](SQLite::Database& db) { db.exec("DELETE FROM chunk WHERE first_seq=31"); });
    CHECK_THAT(found(folder), ContainsSubstring("positions 31 to 33 are missing"));
  }
  SECTION("swapped chunks") {
    tamper(folder, [](SQLite::Database& db) {
      db.exec(
          "UPDATE chunk SET first_seq=-1 WHERE first_seq=31; UPDATE chunk SET first_seq=31 WHERE first_seq=34;"
          "UPDATE chunk SET first_seq=34 WHERE first_seq=-1");
    });
    CHECK_THAT(found(folder), ContainsSubstring("position 31, chunk") && ContainsSubstring("position 34, chunk"));
  }
  SECTION("chunks cut off at the end, with a consumer beyond") {
    tamper(folder, [](SQLite::Database& db) { db.exec("DELETE FROM chunk WHERE first_seq>60"); });
    CHECK_THAT(found(folder),
               ContainsSubstring("table consumer: 1 rows speak of positions that the log does not have"));
  }
  SECTION("a retention that claims the future") {
    tamper(folder, [](SQLite::Database& db) {
      db.exec("DELETE FROM body WHERE id>>44=24324; INSERT INTO retention VALUES(24324, 1795000000000)");
    });
    CHECK_THAT(found(folder), ContainsSubstring("month 24324 was deleted before it began"));
  }
  SECTION("a schema") {
    tamper(folder, [](SQLite::Database& db) { db.exec("INSERT INTO schema VALUES(1, zeroblob(32), 'x', x'01')"); });
    CHECK_THAT(found(folder), ContainsSubstring("table schema: the schema in row 1 does not have its hash"));
  }
}

TEST_CASE("verify: a bit flipped in any page is found") {
  const Folder folder;
  make_log(folder);
  const auto file = folder.path() / "log.db";
  const std::uint64_t pages = std::filesystem::file_size(file) / 4'096;
  std::mt19937_64 random(1);
  for (std::uint64_t page = 0; page < pages; ++page) {
    const std::uint64_t byte = page * 4'096 + random() % 4'096;
    flip_bit(file, byte, 3);
    const auto report = verify(folder.path());
    INFO("page " << page + 1);
    REQUIRE((report ? !report->sound() : report.error().code == Errc::corrupt));
    flip_bit(file, byte, 3);
  }
  CHECK(report_of(folder).sound());
}

TEST_CASE("verify: a missing body is explained by its month's retention, or by the tombstone of its key") {
  const Folder folder;
  PersonKeyNo no;
  {
    auto keys = SqliteKeyRing::open(folder.path(), noon);
    auto log = SqliteLog::open(folder.path(), noon);
    const PersonKey key = *(*keys)->get_or_create("student-a", 24);
    REQUIRE((*keys)->flush());
    no = key.no;
    Writer writer(*(*log)->load());
    const Commit first = writer.commit();
    REQUIRE((*log)->commit(first));
    writer.took(first);
    Entry e = random_entry(writer.random);
    e.flags |= encrypted;
    e.person_key = key.no;
    e.expiry_month = 24'400;
    ChunkBuilder builder(writer.next, writer.now, writer.head);
    builder.add(e, seal(key, e.id, as_bytes("x")));
    Commit second;
    std::vector<MemberNo> everybody;
    for (std::uint32_t m = 0; m < 16; ++m) everybody.emplace_back(m);
    second.chunk = std::make_shared<const Chunk>(std::move(builder).finish(everybody));
    REQUIRE((*log)->commit(second));
  }
  CHECK(report_of(folder).sound());
  tamper(folder, [](SQLite::Database& db) { db.exec("DELETE FROM body WHERE id>>44=24400"); });
  CHECK_FALSE(report_of(folder).sound());
  {
    auto keys = SqliteKeyRing::open(folder.path(), noon);
    REQUIRE((*keys)->destroy(no, "erasure", noon.now()));
  }
  CHECK(report_of(folder).sound());
  CHECK(report_of(folder).bodies_gone == 1);

  auto log = SqliteLog::open(folder.path(), noon);
  Commit over;
  over.retention = RetentionRow{24'322, noon.now()};
  REQUIRE((*log)->commit(over));
  for (auto more = (*log)->tend(); more && *more;) more = (*log)->tend();
  CHECK(report_of(folder).sound());
}

TEST_CASE("verify: the first twenty findings are listed, the rest is counted") {
  const Folder folder;
  make_log(folder);
  tamper(folder, [](SQLite::Database& db) { db.exec("DELETE FROM body"); });
  const VerifyReport report = report_of(folder);
  CHECK(report.findings.size() == 20);
  CHECK(report.findings_total > 60);
}

TEST_CASE("verify: where there is no log, there is none to verify") {
  const Folder folder;
  CHECK(verify(folder.path()).error().code == Errc::not_found);
}

TEST_CASE("backup: a copy made between commits verifies, and holds what was committed meanwhile") {
  const Folder folder;
  const Folder to;
  make_log(folder, 200);
  auto log = SqliteLog::open(folder.path(), noon);
  Writer writer(*(*log)->load());
  auto job = BackupJob::begin(**log, to.path());
  REQUIRE(job);
  CHECK(BackupJob::begin(**log, to.path()).error().code == Errc::busy);
  int steps = 0;
  while (!(*job)->done()) {
    REQUIRE((*job)->step(16));
    const Commit commit = writer.commit(1);
    REQUIRE((*log)->commit(commit));
    writer.took(commit);
    ++steps;
  }
  CHECK(steps > 5);
  CHECK((*job)->progress() == 1);
  const auto report = finish_backup(to.path());
  INFO((report ? "" : report.error().text()));
  REQUIRE(report);
  CHECK(report->chunks >= 200 + static_cast<std::uint64_t>(steps) - 1);
  CHECK(verify(to.path())->sound());
  CHECK(BackupJob::begin(**log, to.path()).error().code == Errc::exists);
  log->reset();
  const auto restored = SqliteLog::open(to.path(), noon);
  REQUIRE(restored);
  CHECK((*restored)->load()->next_seq.value() + 1 == writer.next.value());
}

TEST_CASE("backup: one that is given up leaves no file, and one whose log is closed says so") {
  const Folder folder;
  const Folder to;
  make_log(folder, 200);
  auto log = SqliteLog::open(folder.path(), noon);
  {
    auto job = BackupJob::begin(**log, to.path());
    REQUIRE((*job)->step(4));
  }
  CHECK_FALSE(std::filesystem::exists(to.path() / "log.db.unfinished"));
  auto job = BackupJob::begin(**log, to.path());
  log->reset();
  CHECK((*job)->step(4).error().code == Errc::storage_failed);
}

// Concern: whoever changes a record of the log is found out by `iro verify`, also when he writes every checksum anew.
// Plan: 10,000 forgeries, each of one record of a sound log, through the page VFS, so that every page has a fitting
// checksum: bytes of directories, bodies, heads and columns; entries rewritten with a fitting commitment and head; the
// chain rewritten from there to its end; chunks and bodies taken out, exchanged or cut off; what chunks define.
#include <fmt/format.h>

#include <functional>
#include <iostream>
#include <map>

#include "hub/log/sqlite/chunk_rows.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"
#include "hub/log/sqlite/verify.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

constexpr int forgeries = 10'000;
constexpr int commits = 8;
constexpr std::uint64_t events_each = 3;
const ManualClock noon(TimeMs(1'795'000'000'000));

using Random = std::mt19937_64;
using Forgery = std::function<void(SQLite::Database&, Random&)>;

std::uint64_t some_chunk(Random& random) { return 1 + events_each * (random() % commits); }

void put_blob(SQLite::Database& db, const char* sql, ByteView bytes, std::uint64_t where) {
  SQLite::Statement update(db, sql);
  update.bind(1, bytes.data(), static_cast<int>(bytes.size()));
  update.bind(2, static_cast<std::int64_t>(where));
  REQUIRE(update.exec() == 1);
}

Bytes get_blob(SQLite::Database& db, const char* sql, std::uint64_t where) {
  SQLite::Statement select(db, sql);
  select.bind(1, static_cast<std::int64_t>(where));
  REQUIRE(select.executeStep());
  const auto column = select.getColumn(0);
  const auto* at = static_cast<const std::uint8_t*>(column.getBlob());
  return {at, at + column.getBytes()};
}

void change(Bytes& bytes, Random& random) {
  bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
}

/// A column of bytes of one chunk.
Forgery chunk_blob(const std::string& column) {
  return [column](SQLite::Database& db, Random& random) {
    const std::uint64_t chunk = some_chunk(random);
    Bytes bytes = get_blob(db, fmt::format("SELECT {} FROM chunk WHERE first_seq=?", column).c_str(), chunk);
    change(bytes, random);
    put_blob(db, fmt::format("UPDATE chunk SET {}=? WHERE first_seq=?", column).c_str(), bytes, chunk);
  };
}

std::int64_t some_body(SQLite::Database& db, Random& random) {
  const auto rows = static_cast<std::uint64_t>(db.execAndGet("SELECT count(*) FROM body").getInt64());
  return db.execAndGet(fmt::format("SELECT id FROM body ORDER BY id LIMIT 1 OFFSET {}", random() % rows)).getInt64();
}

/// One entry says something else, and its chunk has a fitting head; so has every one behind it, if `to_the_end`.
void rewrite(SQLite::Database& db, Random& random, bool to_the_end) {
  ChunkRows rows(db);
  const std::uint64_t from = some_chunk(random);
  Hash prev{};
  for (std::uint64_t at = from; at <= 1 + events_each * (commits - 1); at += events_each) {
    const auto bare = rows.at_or_after(Seq(at));
    REQUIRE((bare && *bare));
    const auto view = rows.with_bodies(**bare);
    REQUIRE(view);
    Chunk forged = view->chunk();
    if (at == from) {
      forged.dir.back() ^= static_cast<std::uint8_t>(1 + random() % 255);  // of the last text of the last entry
    } else {
      forged.prev_head = prev;
    }
    prev = with_fitting_head(forged).head;
    put_blob(db, "UPDATE chunk SET dir=? WHERE first_seq=?", forged.dir, at);
    put_blob(db, "UPDATE chunk SET prev_head=? WHERE first_seq=?", forged.prev_head, at);
    put_blob(db, "UPDATE chunk SET head=? WHERE first_seq=?", prev, at);
    if (!to_the_end) return;
  }
}

Forgery sql(const std::string& statement) {
  return [statement](SQLite::Database& db, Random& random) {
    REQUIRE(db.exec(fmt::format(fmt::runtime(statement), fmt::arg("chunk", some_chunk(random)),
                                fmt::arg("n", 1 + random() % 1'000))) > 0);
  };
}

const std::vector<std::pair<std::string, Forgery>> ways{
    {"directory", chunk_blob("dir")},
    {"head", chunk_blob("head")},
    {"head before", chunk_blob("prev_head")},
    {"recorded time", sql("UPDATE chunk SET recorded_ms=recorded_ms-{n} WHERE first_seq={chunk}")},
    {"count", sql("UPDATE chunk SET count=count+{n} WHERE first_seq={chunk}")},
    {"chunk taken out", sql("DELETE FROM chunk WHERE first_seq={chunk}")},
    {"end cut off", sql("DELETE FROM chunk WHERE first_seq>={chunk}")},
    {"chunks exchanged",
     [](SQLite::Database& db, Random& random) {
       const std::uint64_t a = 1 + events_each * (random() % (commits - 1));
       db.exec(
           fmt::format("UPDATE chunk SET first_seq=-1 WHERE first_seq={0}; UPDATE chunk SET first_seq={0} WHERE "
                       "first_seq={1}; UPDATE chunk SET first_seq={1} WHERE first_seq=-1",
                       a, a + events_each));
     }},
    {"body",
     [](SQLite::Database& db, Random& random) {
       const auto id = static_cast<std::uint64_t>(some_body(db, random));
       Bytes bytes = get_blob(db, "SELECT bytes FROM body WHERE id=?", id);
       change(bytes, random);
       put_blob(db, "UPDATE body SET bytes=? WHERE id=?", bytes, id);
     }},
    {"body shortened",
     [](SQLite::Database& db, Random& random) {
       const auto id = static_cast<std::uint64_t>(some_body(db, random));
       Bytes bytes = get_blob(db, "SELECT bytes FROM body WHERE id=?", id);
       bytes.resize(random() % bytes.size());
       put_blob(db, "UPDATE body SET bytes=? WHERE id=?", bytes, id);
     }},
    {"body taken out",
     [](SQLite::Database& db, Random& random) {
       REQUIRE(db.exec(fmt::format("DELETE FROM body WHERE id={}", some_body(db, random))) == 1);
     }},
    {"entry with a fitting head", [](SQLite::Database& db, Random& random) { rewrite(db, random, false); }},
    {"chain rewritten to its end", [](SQLite::Database& db, Random& random) { rewrite(db, random, true); }},
    {"text that chunks define", sql("UPDATE atom SET text=text||'{n}' WHERE no=1+{n}%2")},
    {"set that chunks define", sql("UPDATE audience_set SET members=x'0100000003000000'")},
    {"log's identity",
     [](SQLite::Database& db, Random& random) {
       Bytes id = get_blob(db, "SELECT value FROM meta WHERE key='log_id' AND ?<>0", 1);
       change(id, random);
       put_blob(db, "UPDATE meta SET value=? WHERE key='log_id' AND ?<>0", id, 1);
     }},
    {"consumer beyond the end", sql("UPDATE consumer SET cursor=24+{n}")},
};

}  // namespace

TEST_CASE("tamper: 10,000 changed records, all with fitting checksums, are all found by verify") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  Random random(seed);
  const Folder folder;
  Testimony witness;
  {
    auto log = SqliteLog::open(folder.path(), noon);
    Writer writer(*(*log)->load());
    for (int i = 0; i < commits; ++i) {
      const Commit commit = writer.commit(events_each);
      REQUIRE((*log)->commit(commit));
      writer.took(commit);
    }
    witness = (*log)->testimony();
  }
  const Bytes sound = file_bytes(folder.path() / "log.db");
  VerifyOptions options;
  options.witness = witness;
  REQUIRE(verify(folder.path(), {}, options)->sound());

  std::map<std::string, int> found;
  for (int n = 0; n < forgeries; ++n) {
    for (const char* beside : {"log.db-wal", "log.db-shm"}) std::filesystem::remove(folder.path() / beside);
    std::ofstream(folder.path() / "log.db", std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(sound.data()), static_cast<std::streamsize>(sound.size()));
    const auto& [name, forge] = ways[static_cast<std::size_t>(n) % ways.size()];
    {
      ConnectionOptions writing;
      writing.access = Access::create_or_write;
      writing.synchronous = "OFF";
      auto db = open_connection(folder.path() / "log.db", writing);
      REQUIRE(db);
      forge(**db, random);
      REQUIRE(truncate_wal(**db));
    }
    const auto report = verify(folder.path(), {}, options);
    INFO(name << " in forgery " << n);
    REQUIRE((report ? !report->sound() : report.error().code == Errc::corrupt));
    ++found[name];
  }
  std::cout << fmt::format("{} forgeries in {} ways, all found\n", forgeries, found.size());
  CHECK(found.size() == ways.size());
}

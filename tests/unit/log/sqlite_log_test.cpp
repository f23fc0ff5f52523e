#include "hub/log/sqlite/sqlite_log.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <regex>
#include <set>

#include "hub/log/memory_log.hpp"
#include "hub/log/sqlite/sqlite_reader.hpp"
#include "hub/log/sqlite/tables.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

const ManualClock noon(TimeMs(1'795'000'000'000));

std::unique_ptr<SqliteLog> open_log(const Folder& folder, const SqliteLogOptions& options = {}) {
  auto log = SqliteLog::open(folder.path(), noon, options);
  INFO((log ? "" : log.error().text()));
  REQUIRE(log);
  return std::move(*log);
}

void fill(SqliteLog& log, int commits) {
  Writer writer(*log.load());
  for (int i = 0; i < commits; ++i) {
    const Commit commit = writer.commit();
    REQUIRE(log.commit(commit));
    writer.took(commit);
  }
}

/// Files below this size can be written, larger ones not: what a full disk looks like to SQLite.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uint64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("log: what was committed is there after a restart, chunks and state") {
  const Folder folder;
  MemoryLog wanted;
  {
    auto log = open_log(folder);
    wanted = MemoryLog(log->log_id());
    Writer writer(*log->load());
    for (int i = 0; i < 20; ++i) {
      Commit commit = writer.commit();
      commit.members.push_back({MemberNo(static_cast<std::uint32_t>(i)), "m" + std::to_string(i), "{}"});
      commit.plugin_state.push_back({"pool", to_bytes("k"), {}, to_bytes("v" + std::to_string(i))});
      commit.timers.push_back({"pool", to_bytes("t"), TimeMs(i)});
      commit.plugin_cursors.push_back({"pool", Seq(static_cast<std::uint64_t>(i))});
      commit.foreign_ids.push_back({{static_cast<std::uint8_t>(i)}, TimeMs(i)});
      commit.forget_foreign_before = TimeMs(10);
      commit.schemas.push_back({1, {}, "vacancy.bfbs", to_bytes("schema")});
      commit.deviations.push_back({ConsumerNo(1), Seq(3), DeviationState::parked, 2, TimeMs(4), "s", "r"});
      commit.audit.push_back({TimeMs(1), MemberNo(0), "grant", "{}"});
      REQUIRE(log->commit(commit));
      REQUIRE(wanted.commit(commit));
      writer.took(commit);
    }
    CHECK(*log->load() == *wanted.load());
  }
  auto log = open_log(folder);
  CHECK(*log->load() == *wanted.load());
  const auto reader = SqliteReader::open(folder.path());
  REQUIRE(reader);
  const auto chunks = (*reader)->read(Seq(1), SIZE_MAX, {});
  const auto same = wanted.reader()->read(Seq(1), SIZE_MAX, {});
  REQUIRE(chunks->size() == 20);
  for (std::size_t i = 0; i < 20; ++i) CHECK(*(*chunks)[i] == *(*same)[i]);
  CHECK(*(*reader)->plugin_state_bytes("pool") == std::string("kv19").size());  // overwriting does not add up
  CHECK(*(*reader)->plugin_state_bytes("nobody") == 0);
}

TEST_CASE("log: removals come before rows, and a removed consumer takes its deviations with it") {
  const Folder folder;
  auto log = open_log(folder);
  Commit first;
  first.consumers.push_back({ConsumerNo(1), MemberNo(1), "sis", "", Seq(0), TimeMs(1)});
  first.deviations.push_back({ConsumerNo(1), Seq(3), DeviationState::retry, 1, TimeMs(1), "s", "r"});
  REQUIRE(log->commit(first));
  Commit second;
  second.consumers_removed.push_back(ConsumerNo(1));
  second.consumers.push_back({ConsumerNo(2), MemberNo(1), "sis", "", Seq(0), TimeMs(1)});
  REQUIRE(log->commit(second));
  const Snapshot now = *log->load();
  CHECK(now.deviations.empty());
  REQUIRE(now.consumers.size() == 1);
  CHECK(now.consumers[0].no == ConsumerNo(2));
}

TEST_CASE("log: a commit that breaks a table's rule leaves nothing behind") {
  const Folder folder;
  auto log = open_log(folder);
  Commit commit;
  commit.audit.push_back({TimeMs(1), MemberNo(0), "x", ""});
  commit.members.push_back({MemberNo(1), "same", "{}"});
  commit.members.push_back({MemberNo(2), "same", "{}"});
  CHECK(log->commit(commit).error().code == Errc::internal);
  CHECK(log->load()->members.empty());
  commit.members.pop_back();
  CHECK(log->commit(commit));
}

TEST_CASE("log: a second hub on the same folder is refused, and told which process has it") {
  const Folder folder;
  const auto log = open_log(folder);
  const auto second = SqliteLog::open(folder.path(), noon);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::locked);
  CHECK_THAT(second.error().message, ContainsSubstring(std::to_string(::getpid())));
}

TEST_CASE("log: a format of a later version is refused") {
  const Folder folder;
  fill(*open_log(folder), 1);
  {
    REQUIRE(register_page_vfs());
    SQLite::Database db((folder.path() / "log.db").string(), SQLite::OPEN_READWRITE, 0, page_vfs_name);
    db.exec("UPDATE meta SET value=CAST('2' AS BLOB) WHERE key='format'");
  }
  CHECK(SqliteLog::open(folder.path(), noon).error().code == Errc::format_newer);
  CHECK(SqliteReader::open(folder.path()).error().code == Errc::format_newer);
}

TEST_CASE("log: on a full disk a commit is refused and leaves nothing, and goes through when there is room") {
  const Folder folder;
  auto log = open_log(folder);
  Writer writer(*log->load());
  const Commit first = writer.commit();
  REQUIRE(log->commit(first));
  writer.took(first);
  const Commit large = writer.commit(3'000);
  {
    const FileSizeLimit limit(200'000);
    const Status refused = log->commit(large);
    INFO(refused.error().text());
    CHECK(refused.error().code == Errc::disk_full);
    CHECK(log->load()->next_seq == first.chunk->last_seq().next());
  }
  CHECK(log->probe());
  CHECK(log->commit(large));
  CHECK(log->load()->next_seq == large.chunk->last_seq().next());
}

TEST_CASE("log: it stops before the disk is full, at its reserve") {
  const Folder folder;
  SqliteLogOptions options;
  CHECK(options.reserve_bytes == limits::disk_reserve_bytes);
  options.reserve_bytes = std::size_t{1} << 60;  // no disk has as much
  auto log = open_log(folder, options);
  CHECK(log->commit(Writer(*log->load()).commit()).error().code == Errc::disk_full);
  CHECK(log->probe().error().code == Errc::disk_full);
}

TEST_CASE("log: a bit flipped in any page is noticed, and the file is left as it was found") {
  const Folder folder;
  fill(*open_log(folder), 40);
  const auto file = folder.path() / "log.db";
  const std::uint64_t size = std::filesystem::file_size(file);
  std::mt19937_64 random(5);
  int refused = 0;
  for (std::uint64_t page = 0; page < size / 4'096; ++page) {
    const std::uint64_t byte = page * 4'096 + random() % 4'096;
    const int bit = static_cast<int>(random() % 8);
    flip_bit(file, byte, bit);
    const Bytes before = file_bytes(file);
    Errc code = Errc::ok;
    auto log = SqliteLog::open(folder.path(), noon);
    if (!log) {
      code = log.error().code;
      ++refused;
    } else if (const auto state = (*log)->load(); !state) {
      code = state.error().code;
      ++refused;
    } else {
      code = Errc::corrupt;  // a page that neither start nor load() needs: the verifier's (verify_test)
    }
    if (log) log->reset();
    REQUIRE(code == Errc::corrupt);
    REQUIRE(file_bytes(file) == before);
    flip_bit(file, byte, bit);
  }
  CHECK(refused > 10);
  CHECK(open_log(folder)->load());
}

TEST_CASE("log: a file that is no log of ours is corrupt and left alone") {
  const Folder folder;
  SECTION("some text") { std::ofstream(folder.path() / "log.db") << std::string(10'000, 'x'); }
  SECTION("another database") {
    SQLite::Database db((folder.path() / "log.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("CREATE TABLE t(x)");
  }
  const Bytes before = file_bytes(folder.path() / "log.db");
  CHECK(SqliteLog::open(folder.path(), noon).error().code == Errc::corrupt);
  CHECK(file_bytes(folder.path() / "log.db") == before);
}

TEST_CASE("log: raising the epoch is kept") {
  const Folder folder;
  CHECK(open_log(folder)->raise_epoch() == LogEpoch(2));
  CHECK(open_log(folder)->load()->log_epoch == LogEpoch(2));
}

TEST_CASE("log: bodies whose month is over go in slices, headers and later bodies stay") {
  const Folder folder;
  auto log = open_log(folder);
  fill(*log, 100);
  Commit over;
  over.retention = RetentionRow{24'322, noon.now()};
  REQUIRE(log->commit(over));
  for (auto more = log->tend(); more && *more;) more = log->tend();
  const auto reader = SqliteReader::open(folder.path());
  const auto chunks = (*reader)->read(Seq(1), SIZE_MAX, {});
  for (const auto& chunk : *chunks) {
    CHECK_FALSE(chunk->bodies.contains(24'322));
    CHECK(ChunkView::open(chunk)->body_sizes().size() >= chunk->bodies.size());
  }
}

TEST_CASE("log: the WAL is kept short while nobody reads") {
  const Folder folder;
  SqliteLogOptions options;
  options.checkpoint_bytes = 256U << 10;
  auto log = open_log(folder, options);
  Writer writer(*log->load());
  for (int i = 0; i < 60; ++i) {
    const Commit commit = writer.commit(200);
    REQUIRE(log->commit(commit));
    writer.took(commit);
  }
  CHECK(std::filesystem::file_size(folder.path() / "log.db-wal") < (1U << 20));
  CHECK(std::filesystem::file_size(folder.path() / "log.db") > (3U << 20));
  CHECK(log->truncate_wal());
  CHECK(std::filesystem::file_size(folder.path() / "log.db-wal") == 0);
}

TEST_CASE("log: the tables are those that docs/log-format.md describes") {
  const auto statements = [](std::string text) {
    text = std::regex_replace(text, std::regex("--[^\n]*"), "");
    text = std::regex_replace(text, std::regex("\\s+"), " ");
    std::set<std::string> out;
    const std::regex statement("CREATE TABLE [^;]*;");
    for (std::sregex_iterator at(text.begin(), text.end(), statement), end; at != end; ++at) out.insert(at->str());
    return out;
  };
  const Bytes document = file_bytes(IRO_SOURCE_DIR "/docs/log-format.md");
  const std::string text(as_text(document));
  CHECK(statements(log_tables) == statements(text.substr(0, text.find("## keys.db"))));
}

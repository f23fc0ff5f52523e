#include "hub/log/sqlite/sqlite_reader.hpp"

#include "hub/log/memory_log.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

/// The same commits in both logs: whatever a reader of one says, that of the other must say too.
struct Pair {
  Folder folder;
  ManualClock clock{TimeMs(1'795'000'000'000)};
  std::unique_ptr<SqliteLog> log = std::move(*SqliteLog::open(folder.path(), clock));
  MemoryLog memory{log->log_id()};
  Writer writer{*log->load()};
  std::unique_ptr<LogReader> on_disk = std::move(*SqliteReader::open(folder.path()));
  std::unique_ptr<LogReader> in_memory = memory.reader();

  void commit(std::size_t events) {
    const Commit commit = writer.commit(events);
    REQUIRE(log->commit(commit));
    REQUIRE(memory.commit(commit));
    writer.took(commit);
  }
};

}  // namespace

TEST_CASE("reader: it gives chunks from the one that holds a position, within its bytes, like the log in memory") {
  Pair pair;
  for (std::size_t i = 1; i < 30; ++i) pair.commit(i % 7 + 1);
  for (std::uint64_t from = 0; from < pair.writer.next.value() + 3; ++from) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{3'000}, SIZE_MAX}) {
      const auto a = pair.on_disk->read(Seq(from), bytes, {});
      const auto b = pair.in_memory->read(Seq(from), bytes, {});
      REQUIRE(a);
      REQUIRE(a->size() == b->size());
      for (std::size_t i = 0; i < a->size(); ++i) REQUIRE(*(*a)[i] == *(*b)[i]);
    }
  }
}

TEST_CASE("reader: a chunk that does not concern the member comes without bodies") {
  Pair pair;
  pair.commit(5);
  const auto for_one = pair.on_disk->read(Seq(1), SIZE_MAX, MemberNo(3));
  CHECK_FALSE(for_one->front()->bodies.empty());
  const auto for_none = pair.on_disk->read(Seq(1), SIZE_MAX, MemberNo(99));
  REQUIRE(for_none->size() == 1);
  CHECK(for_none->front()->bodies.empty());
  CHECK(for_none->front()->head == for_one->front()->head);
}

TEST_CASE("reader: it finds the first position recorded at or after a time") {
  Pair pair;
  CHECK(pair.on_disk->position_at(TimeMs(0)) == Seq(1));
  const TimeMs start = pair.writer.now;
  for (std::size_t i = 0; i < 33; ++i) pair.commit(i % 5 + 1);
  for (std::int64_t ms = -500; ms < 35'000; ms += 250) {
    REQUIRE(pair.on_disk->position_at(start.plus(ms)).value() == pair.in_memory->position_at(start.plus(ms)).value());
  }
}

TEST_CASE("reader: it sees a commit as soon as that has returned") {
  Pair pair;
  for (int i = 0; i < 50; ++i) {
    pair.commit(2);
    const auto newest = pair.on_disk->read(Seq(pair.writer.next.value() - 1), SIZE_MAX, {});
    REQUIRE(newest);
    REQUIRE(newest->size() == 1);
    REQUIRE(newest->front()->head == pair.writer.head);
  }
}

TEST_CASE("reader: where there is no log, there is none to read") {
  const Folder folder;
  CHECK(SqliteReader::open(folder.path()).error().code == Errc::not_found);
}

#include "hub/log/memory_log.hpp"

#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

TEST_CASE("memory log: it fails when a test asks for it, once for a full disk's length or until resumed") {
  MemoryLog log;
  Writer writer(*log.load());
  const Commit commit = writer.commit();
  log.fail_next_commit(Errc::disk_full);
  CHECK(log.commit(commit).error().code == Errc::disk_full);
  CHECK(log.probe().error().code == Errc::disk_full);
  log.room();
  CHECK(log.probe());
  log.fail_next_commit(Errc::storage_failed);
  CHECK(log.commit(commit).error().code == Errc::storage_failed);
  CHECK(log.commit(commit).error().code == Errc::storage_failed);
  CHECK(log.load()->next_seq == Seq(1));
  REQUIRE(log.resume());
  CHECK(log.load()->next_seq == Seq(1));
  CHECK(log.commit(commit));
  CHECK(log.load()->next_seq == Seq(4));
}

TEST_CASE("memory log: a commit that failed may turn out to be there when the log is resumed") {
  MemoryLog log;
  Writer writer(*log.load());
  log.fail_next_commit(Errc::storage_failed, true);
  CHECK_FALSE(log.commit(writer.commit()));
  CHECK(log.load()->next_seq == Seq(1));
  REQUIRE(log.resume());
  CHECK(log.load()->next_seq == Seq(4));
}

TEST_CASE("memory log: a row that breaks a table's rule takes the whole commit with it") {
  MemoryLog log;
  Commit commit;
  commit.audit.push_back({TimeMs(1), MemberNo(0), "x", ""});
  commit.members.push_back({MemberNo(1), "same", "{}"});
  commit.members.push_back({MemberNo(2), "same", "{}"});
  CHECK(log.commit(commit).error().code == Errc::internal);
  CHECK(log.audit().empty());
}

TEST_CASE("memory log: bodies whose month is over are gone, and their chunks still open") {
  MemoryLog log;
  Writer writer(*log.load());
  for (int i = 0; i < 30; ++i) {
    const Commit commit = writer.commit();
    REQUIRE(log.commit(commit));
    writer.took(commit);
  }
  Commit over;
  over.retention = RetentionRow{24'323, TimeMs(1)};
  REQUIRE(log.commit(over));
  const auto chunks = log.reader()->read(Seq(1), SIZE_MAX, {});
  REQUIRE(chunks->size() == 30);
  for (const auto& chunk : *chunks) {
    CHECK((chunk->bodies.empty() || chunk->bodies.begin()->first > 24'323));
    CHECK(ChunkView::open(chunk));
  }
}

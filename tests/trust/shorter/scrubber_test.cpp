// Concern: bit rot is found by itself, a little at a time, and nothing else is taken for it.
// Plan: rounds of small slices over a sound log, over one that changes meanwhile, and over one with a damaged page.
#include "hub/log/sqlite/scrubber.hpp"

#include "hub/log/sqlite/sqlite_log.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

const ManualClock noon(TimeMs(1'795'000'000'000));
constexpr std::size_t slice = 8U << 10;

void grow(SqliteLog& log, int commits) {
  Writer writer(*log.load());
  for (int i = 0; i < commits; ++i) {
    const Commit commit = writer.commit();
    REQUIRE(log.commit(commit));
    writer.took(commit);
  }
}

/// Slices until the round is over; how many, or the error.
Result<int> round(Scrubber& scrubber) {
  for (int slices = 1;; ++slices) {
    const auto read = scrubber.step(slice, noon.now());
    if (!read) return fail(read.error());
    REQUIRE(*read < 4 * slice);
    if (scrubber.at_rest()) return slices;
    REQUIRE(slices < 10'000);
  }
}

}  // namespace

TEST_CASE("scrubber: a sound log is read in many small slices, and begun again") {
  const Folder folder;
  auto log = SqliteLog::open(folder.path(), noon);
  grow(**log, 100);
  REQUIRE((*log)->truncate_wal());
  auto scrubber = Scrubber::open(folder.path());
  REQUIRE(scrubber);
  const auto slices = round(**scrubber);
  REQUIRE(slices);
  CHECK(*slices > 10);
  CHECK((*scrubber)->progress().rounds == 1);
  CHECK((*scrubber)->progress().round_ended == noon.now());
  CHECK((*scrubber)->progress().bytes > 100'000);
  REQUIRE(round(**scrubber));
  CHECK((*scrubber)->progress().rounds == 2);
}

TEST_CASE("scrubber: commits, checkpoints and a retention between its slices are no damage") {
  const Folder folder;
  auto log = SqliteLog::open(folder.path(), noon);
  grow(**log, 100);
  auto scrubber = Scrubber::open(folder.path());
  for (int slices = 0; slices == 0 || !(*scrubber)->at_rest(); ++slices) {
    const auto read = (*scrubber)->step(slice, noon.now());
    INFO((read ? "" : read.error().text()));
    REQUIRE(read);
    if (slices < 40) grow(**log, 1);
    if (slices % 7 == 0) REQUIRE((*log)->tend());
    if (slices == 5) REQUIRE((*log)->truncate_wal());
    if (slices == 3) {
      Commit over;
      over.retention = RetentionRow{24'322, noon.now()};
      REQUIRE((*log)->commit(over));
      for (auto more = (*log)->tend(); more && *more;) more = (*log)->tend();
    }
  }
  CHECK((*scrubber)->progress().rounds == 1);
}

TEST_CASE("scrubber: a bit that flips in any page while the hub runs is found within the round") {
  const Folder folder;
  auto log = SqliteLog::open(folder.path(), noon);
  grow(**log, 60);
  REQUIRE((*log)->truncate_wal());
  const auto file = folder.path() / "log.db";
  const std::uint64_t pages = std::filesystem::file_size(file) / 4'096;
  std::mt19937_64 random(7);
  for (std::uint64_t page = 1; page < pages; page += 5) {
    const std::uint64_t byte = page * 4'096 + random() % 4'096;
    auto scrubber = Scrubber::open(folder.path());
    REQUIRE(scrubber);
    REQUIRE((*scrubber)->step(slice, noon.now()));
    flip_bit(file, byte, 2);
    const auto done = round(**scrubber);
    INFO("page " << page + 1);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Errc::corrupt);
    flip_bit(file, byte, 2);
  }
}

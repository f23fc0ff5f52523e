// Concern: bit rot in a running hub's file ends it with 74, without anybody asking for what rotted.
// Plan: a bit of the audit table, which no start reads, is flipped while irod is down; irod starts and scrubs.
#include "tests/trust/restore/region.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::test;

TEST_CASE("scrubber: irod ends with 74 when it finds a damaged page, and leaves the file as it is") {
  Region region;
  region.publish(0, 50);
  region.flush();
  REQUIRE(region.hub.stop() == 0);
  const fs::path file = region.hub.data() / "log.db";
  std::int64_t page = 0;
  {
    SQLite::Database db(file.string(), SQLite::OPEN_READONLY);
    page = db.execAndGet("SELECT rootpage FROM sqlite_master WHERE name='audit'").getInt64();
  }
  log::test::flip_bit(file, static_cast<std::uint64_t>(page - 1) * 4'096 + 4'000, 1);
  const Bytes before = log::test::file_bytes(file);
  try {
    region.hub.start();
    CHECK(region.hub.wait_exit(60) == 74);
  } catch (const std::runtime_error& e) {
    CHECK_THAT(std::string(e.what()), ContainsSubstring("ended with 74"));  // found before it said "ready"
  }
  const Bytes after = log::test::file_bytes(file);
  CHECK(std::equal(before.begin() + (page - 1) * 4'096, before.begin() + page * 4'096,
                   after.begin() + (page - 1) * 4'096));
}

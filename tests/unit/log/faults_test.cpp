// What a failed disk does to a log, one case at a time; tests/crash/vfs tries
// them all by chance.
#include <fmt/format.h>

#include "hub/log/memory_log.hpp"
#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/fault_vfs.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"
#include "hub/log/sqlite/sqlite_reader.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;

namespace {

/// A log on a simulated disk, with two commits in it.
struct OnFaultyDisk {
  Folder folder;
  ManualClock clock{TimeMs(1'795'000'000'000)};
  SimulatedDisk disk;
  FaultVfs vfs;
  SqliteLogOptions options;
  std::unique_ptr<SqliteLog> log;
  std::optional<Writer> writer;

  explicit OnFaultyDisk(std::uint64_t seed) : disk(seed), vfs(fresh_name(), disk) {
    options.vfs = "iro-" + vfs.name();
    options.reserve_bytes = 0;
    REQUIRE(register_page_vfs(options.vfs, vfs.name()));
    open();
    writer.emplace(*log->load());
    for (int i = 0; i < 2; ++i) commit();
  }
  ~OnFaultyDisk() { log.reset(); }

  static std::string fresh_name() {
    static int n = 0;
    return fmt::format("faulty-log-{}", ++n);
  }
  void open() {
    auto opened = SqliteLog::open(folder.path(), clock, options);
    INFO((opened ? "" : opened.error().text()));
    REQUIRE(opened);
    log = std::move(*opened);
  }
  void commit() {
    const Commit commit = writer->commit();
    REQUIRE(log->commit(commit));
    writer->took(commit);
  }
  void power_failure() {
    disk.power_off();
    log.reset();
    disk.power_on();
    open();
  }
};

}  // namespace

TEST_CASE("faults: after a failed fsync every write is refused until resume(), and what was acknowledged stays") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    OnFaultyDisk at(seed);
    const Seq acknowledged = at.writer->next;
    const Commit failing = at.writer->commit();
    at.disk.fail_at(Fault::sync_error, 1);
    CHECK(at.log->commit(failing).error().code == Errc::storage_failed);
    Commit small;
    small.audit.push_back({TimeMs(1), MemberNo(0), "x", ""});
    CHECK(at.log->commit(small).error().code == Errc::storage_failed);
    CHECK(at.log->probe().error().code == Errc::storage_failed);
    REQUIRE(at.log->resume());
    // The disk may have kept it: then it is in the log for good, and load() says so.
    const Snapshot now = *at.log->load();
    CHECK((now.next_seq == acknowledged || now.head == failing.chunk->head));
    at.writer.emplace(now);
    at.commit();
    at.power_failure();
    CHECK(at.log->load()->head == at.writer->head);
  }
}

TEST_CASE("faults: a commit that the disk kept although it had failed is found by resume()") {
  bool kept = false;
  bool gone = false;
  for (std::uint64_t seed = 0; seed < 200 && !(kept && gone); ++seed) {
    OnFaultyDisk at(seed);
    const Commit failing = at.writer->commit();
    at.disk.fail_at(Fault::sync_error, 1);
    REQUIRE_FALSE(at.log->commit(failing));
    REQUIRE(at.log->resume());
    (at.log->load()->head == failing.chunk->head ? kept : gone) = true;
  }
  CHECK(kept);
  CHECK(gone);
}

TEST_CASE("faults: a full disk rolls back and is over when there is room") {
  OnFaultyDisk at(1);
  at.disk.full(true);
  const Commit commit = at.writer->commit(50);
  CHECK(at.log->commit(commit).error().code == Errc::disk_full);
  CHECK(at.log->commit(commit).error().code == Errc::disk_full);
  CHECK(at.log->load()->next_seq == at.writer->next);
  at.disk.full(false);
  REQUIRE(at.log->probe());
  CHECK(at.log->commit(commit));
}

TEST_CASE("faults: a resume that fails leaves the log refusing, and the next one can succeed") {
  OnFaultyDisk at(2);
  at.disk.fail_at(Fault::sync_error, 1);
  REQUIRE_FALSE(at.log->commit(at.writer->commit()));
  at.disk.fail_at(Fault::io_error, 3);
  CHECK(at.log->resume().error().code == Errc::storage_failed);
  CHECK(at.log->commit(at.writer->commit()).error().code == Errc::storage_failed);
  REQUIRE(at.log->resume());
  CHECK(at.log->load());
}

TEST_CASE("faults: a log that lost what it had acknowledged says corrupt when it is resumed, and writes no more") {
  OnFaultyDisk at(3);
  const std::string file = (at.folder.path() / "log.db").string();
  REQUIRE(at.log->truncate_wal());
  const Bytes earlier = at.disk.content(file);
  at.commit();
  REQUIRE(at.log->truncate_wal());
  at.disk.fail_at(Fault::sync_error, 1);
  REQUIRE_FALSE(at.log->commit(at.writer->commit()));
  at.disk.set_content(file, earlier);
  at.disk.set_content(file + "-wal", {});
  CHECK(at.log->resume().error().code == Errc::corrupt);
  CHECK(at.log->resume().error().code == Errc::corrupt);
  CHECK(at.log->commit(Commit{}).error().code == Errc::corrupt);
}

TEST_CASE("faults: what a killed process left in the page cache only is on disk once the log is open again") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    OnFaultyDisk at(seed);
    // Killed at the very sync that would have made the next commit durable: the process is gone, its cache is not.
    const auto before = at.disk.changes();
    at.commit();
    at.disk.power_off_at(at.disk.changes() - before);
    (void)at.log->commit(at.writer->commit());
    at.disk.power_off();
    at.log.reset();
    at.disk.restart_process();
    at.open();
    const Snapshot seen = *at.log->load();
    at.power_failure();
    REQUIRE(at.log->load()->next_seq == seen.next_seq);
  }
}

TEST_CASE("faults: readers stay usable while the writer is resumed") {
  OnFaultyDisk at(5);
  const auto reader = SqliteReader::open(at.folder.path(), at.options.vfs);
  REQUIRE(reader);
  at.disk.fail_at(Fault::sync_error, 1);
  REQUIRE_FALSE(at.log->commit(at.writer->commit()));
  REQUIRE(at.log->resume());
  at.writer.emplace(*at.log->load());
  at.commit();
  const auto newest = (*reader)->read(Seq(at.writer->next.value() - 1), SIZE_MAX, {});
  REQUIRE(newest);
  REQUIRE(newest->size() == 1);
  CHECK(newest->front()->head == at.writer->head);
}

// Found by tests/crash/vfs, seed 3351948093: a torn first page, its rollback cut short, and the journal taken away.
TEST_CASE("faults: a database whose making is interrupted three times over can be made the fourth time") {
  const Folder folder;
  SimulatedDisk none(0);
  FaultVfs vfs(OnFaultyDisk::fresh_name(), none);
  ConnectionOptions options;
  options.access = Access::create_or_write;
  options.vfs = "iro-" + vfs.name();
  REQUIRE(register_page_vfs(options.vfs, vfs.name()));
  const auto open = [&] { return open_connection(folder.path() / "new.db", options); };
  for (std::uint64_t seed = 0; seed < 16; ++seed) {
    for (std::uint64_t chance = 0; chance < 8 * 6 * 8; ++chance) {
      SimulatedDisk disk(seed);
      vfs.insert(disk);
      const auto interrupt = [&](std::uint64_t change) {
        disk.power_off_at(1 + change);
        const auto opened = open();
        disk.power_off();  // closing does nothing
      };
      interrupt(chance % 8);
      disk.power_on();
      interrupt(chance / 8 % 6);
      disk.restart_process();
      interrupt(chance / 48);
      disk.power_on();
      const auto opened = open();
      INFO("seed " << seed << ", chance " << chance << ": " << (opened ? "" : opened.error().text()));
      REQUIRE(opened.has_value());
    }
  }
}

// Concern: `iro restore` refuses what would lose something, and does not bring back what was erased.
// Plan: a hub's folder with a log and keys made through the library; backups of it; what is in place is removed,
// damaged or exchanged.
#include "hub/daemon/restore.hpp"

#include "hub/log/sqlite/backup.hpp"
#include "hub/log/sqlite/sqlite_key_ring.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"
#include "tests/catch.hpp"
#include "tests/unit/log/folder.hpp"

using namespace iro;
using namespace iro::log;
using namespace iro::log::test;
namespace fs = std::filesystem;

namespace {

ManualClock noon(TimeMs(1'795'000'000'000));

struct Place {
  Place() {
    daemon::Secrets secrets;
    secrets.curve_public = secrets.curve_secret = secrets.operator_public = std::string(40, 'x');
    auto made = daemon::Home::create(folder.path() / "hub", {}, secrets);
    REQUIRE(made);
    home = std::move(*made);
  }
  /// As a hub does: commits, and then the witness.
  void work(int commits) {
    auto log = SqliteLog::open(home.data(), noon);
    REQUIRE(log);
    Writer writer(*(*log)->load());
    for (int i = 0; i < commits; ++i) {
      const Commit commit = writer.commit();
      REQUIRE((*log)->commit(commit));
      writer.took(commit);
    }
    REQUIRE(Witness(home.witness(), home.secrets.witness_seed).write((*log)->testimony()));
  }
  std::unique_ptr<SqliteKeyRing> keys() {
    SqliteKeyRingOptions options;
    options.tombstones = home.tombstones();
    auto ring = SqliteKeyRing::open(home.data(), noon, options);
    REQUIRE(ring);
    return std::move(*ring);
  }
  fs::path backup(const char* name) {
    auto log = SqliteLog::open(home.data(), noon);
    auto job = BackupJob::begin(**log, folder.path() / name);
    REQUIRE(job);
    while (!(*job)->done()) REQUIRE((*job)->step(64));
    job->reset();
    REQUIRE(finish_backup(folder.path() / name));
    return folder.path() / name;
  }
  Result<daemon::RestoreReport> restore(const fs::path& from, const daemon::RestoreOptions& options = {}) {
    return daemon::restore(home, from, options, noon);
  }
  /// Errc::ok, or why the hub would not start.
  Errc start() {
    SqliteLogOptions options;
    options.witness = *Witness(home.witness(), home.secrets.witness_seed).read();
    const auto log = SqliteLog::open(home.data(), noon, options);
    return log ? Errc::ok : log.error().code;
  }

  Folder folder;
  daemon::Home home;
};

daemon::RestoreOptions accept_loss() {
  daemon::RestoreOptions options;
  options.accept_loss = true;
  return options;
}

}  // namespace

TEST_CASE("restore: the newest backup takes the place of a log that is gone, in the same epoch") {
  Place p;
  { (void)p.keys(); }
  p.work(10);
  const fs::path backup = p.backup("backup");
  for (const auto& file : {"log.db", "log.db-wal", "log.db-shm"}) fs::remove(p.home.data() / file);
  CHECK(p.start() == Errc::log_behind_witness);
  const auto report = p.restore(backup);
  INFO((report ? "" : report.error().text()));
  REQUIRE(report);
  CHECK_FALSE(report->loss);
  CHECK(report->restored.epoch == LogEpoch(1));
  CHECK(report->restored.position == Seq(30));
  CHECK(p.start() == Errc::ok);
}

TEST_CASE("restore: an older backup is refused with what it lacks; accepted, it begins an epoch above all others") {
  Place p;
  { (void)p.keys(); }
  p.work(10);
  const fs::path backup = p.backup("backup");
  p.work(4);
  const auto refused = p.restore(backup);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::restore_loses);
  CHECK_THAT(refused.error().message, ContainsSubstring("12 events"));
  CHECK(p.start() == Errc::ok);  // nothing was touched

  auto report = p.restore(backup, accept_loss());
  REQUIRE(report);
  CHECK(report->loss);
  CHECK(report->lost_events == 12);
  CHECK(report->restored.epoch == LogEpoch(2));
  CHECK(fs::exists(report->replaced / "log.db"));
  CHECK(p.start() == Errc::ok);
  noon.advance_ms(1'000);
  report = p.restore(backup, accept_loss());  // the backup is of the epoch before: a loss again
  REQUIRE(report);
  CHECK(report->restored.epoch == LogEpoch(3));
  CHECK(p.start() == Errc::ok);
}

TEST_CASE("restore: without witness and log nothing can tell what was acknowledged, and it says so") {
  Place p;
  { (void)p.keys(); }
  p.work(3);
  const fs::path backup = p.backup("backup");
  fs::remove(p.home.data() / "log.db");
  fs::remove(p.home.witness() / "log.witness");
  CHECK(p.restore(backup).error().code == Errc::restore_loses);
  const auto report = p.restore(backup, accept_loss());
  REQUIRE(report);
  CHECK(report->loss);
  CHECK_FALSE(report->acknowledged);
}

TEST_CASE("restore: a damaged backup, another hub's, a forged witness and a running hub are refused") {
  Place p;
  { (void)p.keys(); }
  p.work(10);
  const fs::path backup = p.backup("backup");
  SECTION("damaged") {
    flip_bit(backup / "log.db", 5 * 4'096 + 99, 3);
    CHECK(p.restore(backup, accept_loss()).error().code == Errc::corrupt);
  }
  SECTION("another hub's") {
    Place other;
    { (void)other.keys(); }
    other.work(2);
    CHECK(other.restore(backup, accept_loss()).error().code == Errc::invalid_argument);
  }
  SECTION("a forged witness") {
    flip_bit(p.home.witness() / "log.witness", 30, 1);
    CHECK(p.restore(backup, accept_loss()).error().code == Errc::witness_damaged);
  }
  SECTION("a running hub") {
    const auto running = SqliteLog::open(p.home.data(), noon);
    CHECK(p.restore(backup, accept_loss()).error().code == Errc::locked);
  }
  CHECK(fs::exists(p.home.data() / "log.db"));
}

TEST_CASE("restore: keys that were erased after the copy of keys.db stay erased, and without a copy it is refused") {
  Place p;
  PersonKey erased;
  PersonKey kept;
  {
    const auto ring = p.keys();
    erased = *ring->get_or_create("student-a", 24);
    kept = *ring->get_or_create("student-b", 24);
    REQUIRE(ring->flush());
  }
  p.work(5);
  const fs::path backup = p.backup("backup");
  fs::create_directory(p.folder.path() / "keys");
  fs::copy(p.home.data() / "keys.db", p.folder.path() / "keys" / "keys.db");
  REQUIRE(p.keys()->destroy(erased.no, "asked for", noon.now()));
  fs::remove(p.home.data() / "keys.db");

  CHECK(p.restore(backup).error().code == Errc::keys_missing);
  daemon::RestoreOptions options;
  options.keys = p.folder.path() / "keys";
  const auto report = p.restore(backup, options);
  INFO((report ? "" : report.error().text()));
  REQUIRE(report);
  CHECK(report->keys_erased_again == 1);
  const auto ring = p.keys();
  CHECK(ring->destroyed(erased.no).value());
  CHECK(ring->find(kept.no)->value() == kept);
  const PersonKey next = *ring->get_or_create("student-c", 24);
  CHECK(next.no.value() > static_cast<std::uint64_t>(noon.now().value()));  // no number of the lost ones
  CHECK(ring->destroyed(PersonKeyNo(17)).value());                          // which count as destroyed
}

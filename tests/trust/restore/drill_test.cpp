// Concern: an older backup never takes the place of what was acknowledged in silence; and when an operator accepts the
// loss, everything that members still have comes back, once.
// Plan: irod, `iro` and real clients. A backup under load, more events, kill -9. The backup put in place by hand;
// restored; restored with --accept-loss. Clients stay as they are all the time.
#include "hub/log/sqlite/verify.hpp"
#include "tests/trust/restore/region.hpp"

using namespace iro;
using namespace iro::test;

TEST_CASE("drill: backup under load, crash, an older backup is refused; --accept-loss, and clients refill it") {
  Region region;
  const fs::path backup = region.folder.path() / "backup";
  const std::string hub = region.hub.folder().string();

  // A backup while everybody publishes; then more, all of it acknowledged.
  region.start_load();
  REQUIRE(soon([&] { return region.publishers[0]->publish_stats().accepted > 50; }));
  const Ran copied = iro_command({"backup", hub, "--to", backup.string()});
  INFO(copied.output);
  REQUIRE(copied.code == 0);
  CHECK_FALSE(fs::exists(backup / "log.witness"));
  const std::size_t at_backup = region.sent_so_far();
  REQUIRE(soon([&] { return region.sent_so_far() > at_backup + 300; }));
  region.stop_load();
  region.flush();
  const client::KeyFile late = region.hub.enrol("school-9", {"school"});  // after the backup: an event of the operator
  const std::size_t acknowledged = region.sent.size();
  // The witness is at most a second behind: it is asked for the last event before the crash.
  const auto witnessed = [&] {
    std::error_code ec;
    return fs::last_write_time(region.hub.folder() / "witness" / "log.witness", ec);
  };
  const auto before = witnessed();
  region.publish(0, 1);
  region.flush();
  REQUIRE(soon([&] { return witnessed() != before; }));
  region.hub.kill();

  SECTION("the backup put in place by hand is noticed at start") {
    const fs::path data = region.hub.data();
    for (const char* name : {"log.db", "log.db-wal", "log.db-shm", "index.db"}) fs::remove(data / name);
    fs::copy(backup / "log.db", data / "log.db");
    const auto size = fs::file_size(data / "log.db");
    CHECK_THROWS_WITH(region.hub.start(), ContainsSubstring("irod ended with 74"));
    CHECK(fs::file_size(data / "log.db") == size);

    // Without the witness it starts; the first client that comes back ends it, and the next start knows.
    fs::remove(region.hub.folder() / "witness" / "log.witness");
    try {
      region.hub.start();
      CHECK(region.hub.wait_exit(30) == 74);
    } catch (const std::runtime_error& e) {
      CHECK_THAT(std::string(e.what()), ContainsSubstring("ended with 74"));  // a client was quicker than "ready"
    }
    CHECK_THROWS_WITH(region.hub.start(), ContainsSubstring("irod ended with 74"));
    const Ran refused = iro_command({"restore", backup.string(), hub});
    INFO(refused.output);
    CHECK(refused.code == 1);
  }

  SECTION("restored with --accept-loss, clients refill it") {
    const Ran refused = iro_command({"restore", backup.string(), hub});
    INFO(refused.output);
    CHECK(refused.code == 1);
    CHECK_THAT(refused.output, ContainsSubstring("restore_loses") &&
                                   ContainsSubstring("before what was acknowledged") &&
                                   ContainsSubstring("--accept-loss"));
    REQUIRE(fs::exists(region.hub.data() / "log.db"));  // nothing was touched

    const Ran restored = iro_command({"restore", backup.string(), hub, "--accept-loss", "--json"});
    INFO(restored.output);
    REQUIRE(restored.code == 0);
    CHECK_THAT(restored.output, ContainsSubstring(R"("epoch":2)") && ContainsSubstring(R"("loss":true)"));
    region.hub.start();
    for (auto& p : region.publishers)
      REQUIRE(soon([&] { return p->session() && p->session()->log_epoch.value() == 2; }));
    REQUIRE(soon([&] { return region.all_in_log(); }));
    region.hub.enrol("school-8", {"school"});  // the operator's client is back, and with it what it had said
    auto newcomer = region.open("school-9", late);
    CHECK(newcomer->connected(30s));
    region.publish(1, 5);
    region.flush();

    // Consumers were warned, and have handled each event once.
    CHECK(region.told(Errc::log_restored));
    for (const char* school : {"school-0", "school-1"}) {
      REQUIRE(
          soon([&] { return region.handled(school, "nl.placements.vacancy.opened.v1").size() == region.sent.size(); }));
      for (const auto& [id, times] : region.handled(school, "nl.placements.vacancy.opened.v1")) REQUIRE(times == 1);
      CHECK(region.handled(school, "nl.placements.hub.log-restored.v1").size() == 1);
    }
    newcomer.reset();
    region.listeners.clear();
    region.publishers.clear();
    CHECK(region.hub.stop() == 0);
    // Every acknowledged event is there once, and the chain holds across the epochs.
    std::map<std::string, int> count;
    for (const auto& id : region.ids_in_log()) ++count[id];
    for (const auto& id : region.sent) REQUIRE(count[id] == 1);
    for (const auto& [id, times] : count) REQUIRE(times == 1);
    CHECK(acknowledged > at_backup);
    const auto report = log::verify(region.hub.data());
    REQUIRE(report);
    CHECK(report->sound());
    CHECK(iro_command({"verify", hub}).code == 0);
    region.hub.start();  // and the witness agrees
    CHECK(region.hub.stop() == 0);
  }
}

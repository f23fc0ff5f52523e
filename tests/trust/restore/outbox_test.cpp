// Concern: an outbox that was restored from an old copy neither loses what it says now nor doubles what it said before.
// Plan: a real hub and a real client; its folder is copied, it says more, the old copy comes back and says something
// else under numbers that the hub has already.
#include "tests/trust/restore/region.hpp"

using namespace iro;
using namespace iro::test;

TEST_CASE("outbox: a restored old outbox takes a new producer id; nothing is lost, nothing doubled") {
  Region region;
  const client::KeyFile keys = region.hub.enrol("hospital-2", {"care_provider"});
  const fs::path folder = region.folder.path() / "hospital-2";
  const auto say = [&](int events, const fs::path& copy_before) {
    if (!copy_before.empty()) fs::copy(folder, copy_before, fs::copy_options::recursive);
    region.publishers.push_back(region.open("hospital-2", keys));
    region.publish(region.publishers.size() - 1, events);
    REQUIRE(region.publishers.back()->flush(60s));
    CHECK(region.publishers.back()->take_refused().empty());
    region.publishers.pop_back();
  };
  const fs::path old = region.folder.path() / "old-outbox";
  say(20, {});
  say(30, old);
  fs::remove_all(folder);
  fs::rename(old, folder);
  say(10, {});  // 21 to 30, which the hub knows as something else
  say(5, {});

  std::map<std::string, int> count;
  for (const auto& id : region.ids_in_log()) ++count[id];
  CHECK(region.sent.size() == 65);
  for (const auto& id : region.sent) REQUIRE(count[id] == 1);
  for (const auto& [id, times] : count) REQUIRE(times == 1);
  CHECK(region.hub.running());
}

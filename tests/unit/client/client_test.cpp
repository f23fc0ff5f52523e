// Whole clients over real sockets, with the small hub at the other end.
#include "adapters/client/client.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <set>

#include "tests/unit/client/small_hub.hpp"

using namespace iro;
using namespace iro::client;
using std::chrono::milliseconds;

namespace {

std::unique_ptr<Client> open(KeyFile keys, const std::filesystem::path& folder, std::shared_ptr<Runtime> runtime = {}) {
  Options options;
  options.keys = std::move(keys);
  options.data_folder = folder;
  options.runtime = std::move(runtime);
  auto client = Client::open(std::move(options));
  if (!client) FAIL(client.error().text());
  return std::move(*client);
}

void publish(Client& client, std::uint64_t from, std::uint64_t to) {
  std::vector<schema::Event> events;
  for (std::uint64_t n = from; n <= to; ++n) events.push_back(make_event(n));
  REQUIRE(client.publish(events).has_value());
}

std::vector<EventId> numbers(std::uint64_t from, std::uint64_t to) {
  std::vector<EventId> ids;
  for (std::uint64_t n = from; n <= to; ++n) ids.push_back(numbered_id(n));
  return ids;
}

Subscription to(const std::string& consumer, bool ephemeral = false) {
  Subscription subscription;
  subscription.consumer = consumer;
  subscription.ephemeral = ephemeral;
  return subscription;
}

}  // namespace

TEST_CASE("client: what is published reaches the hub in order, and refusals come back") {
  const TempFolder folder;
  SmallHub hub;
  auto client = open(hub.member("school-a"), folder.path());
  REQUIRE(client->connected(patience).has_value());
  CHECK(client->session()->hub == "small");
  publish(*client, 1, 100);
  REQUIRE(client->publish(std::vector{make_event(101, "refuse me")}).has_value());
  publish(*client, 102, 103);
  REQUIRE(client->flush(patience).has_value());
  CHECK(client->publish_stats().accepted == 102);
  CHECK(client->publish_stats().refused == 1);
  CHECK(client->publish_stats().waiting == 0);
  const auto refused = client->take_refused();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].id == numbered_id(101));
  CHECK(hub.log_size() == 102);
  CHECK(wait_until([&] { return client->last_receipt().has_value(); }));
}

TEST_CASE("client: a hub that is down is no error, and one that restarts gets each event once") {
  const TempFolder folder;
  SmallHub hub;
  const KeyFile keys = hub.member("school-a");
  hub.stop();
  auto client = open(keys, folder.path());
  publish(*client, 1, 50);
  CHECK(client->connected(milliseconds(0)).error().code == Errc::unreachable);
  CHECK(client->flush(milliseconds(0)).error().code == Errc::timeout);
  hub.restart();
  REQUIRE(client->flush(patience).has_value());
  hub.stop();
  publish(*client, 51, 100);
  hub.restart();
  publish(*client, 101, 150);
  REQUIRE(client->flush(patience).has_value());
  CHECK(hub.log() == numbers(1, 150));
}

TEST_CASE("client: what waited in the outbox leaves after a restart of the program") {
  const TempFolder folder;
  SmallHub hub;
  const KeyFile keys = hub.member("school-a");
  hub.stop();
  publish(*open(keys, folder.path()), 1, 10);
  hub.restart();
  auto client = open(keys, folder.path());
  publish(*client, 11, 12);
  REQUIRE(client->flush(patience).has_value());
  CHECK(hub.log() == numbers(1, 12));
  CHECK(hub.producers() == 1);
}

TEST_CASE("client: a restored outbox is noticed, and goes on as a new producer") {
  const TempFolder folder;
  const TempFolder copy;
  SmallHub hub;
  const KeyFile keys = hub.member("school-a");
  {
    auto client = open(keys, folder.path());
    publish(*client, 1, 5);
    REQUIRE(client->flush(patience).has_value());
  }
  std::filesystem::copy_file(folder.path() / "outbox.db", copy.path() / "outbox.db");
  {
    auto client = open(keys, folder.path());
    publish(*client, 6, 10);
    REQUIRE(client->flush(patience).has_value());
  }
  auto restored = open(keys, copy.path());
  publish(*restored, 11, 13);  // under the numbers that 6 to 8 had
  REQUIRE(restored->flush(patience).has_value());
  CHECK(hub.log() == numbers(1, 13));
  CHECK(hub.producers() == 2);
}

TEST_CASE("client: a handler's work is done once, however often the hub delivers") {
  const TempFolder folder;
  SmallHub hub;
  hub.repeats = 3;
  const KeyFile keys = hub.member("school-a");
  constexpr int events = 300;
  for (int run = 0; run < 2; ++run) {
    auto client = open(keys, folder.path());
    if (run == 0) {
      publish(*client, 1, events);
      REQUIRE(client->flush(patience).has_value());
    }
    std::atomic<int> called = 0;
    REQUIRE(client
                ->subscribe(to("planner"),
                            [&](const Delivery& d) {
                              d.inbox.exec("CREATE TABLE IF NOT EXISTS placed(id BLOB NOT NULL)");
                              SQLite::Statement put(d.inbox, "INSERT INTO placed VALUES(?)");
                              put.bind(1, d.event.id.b.data(), static_cast<int>(d.event.id.b.size()));
                              put.exec();
                              ++called;
                              return Verdict::done();
                            })
                .has_value());
    if (run == 0) CHECK(wait_until([&] { return called == events; }));
    REQUIRE(client->query("status", "{}", patience).has_value());  // a round trip behind the deliveries
    client.reset();
    CHECK(called == (run == 0 ? events : 0));
  }
  SQLite::Database inbox((folder.path() / "inbox.db").string());
  CHECK(inbox.execAndGet("SELECT count(*) FROM placed").getInt() == events);
  CHECK(inbox.execAndGet("SELECT count(DISTINCT id) FROM placed").getInt() == events);
}

TEST_CASE("client: a handler may publish what it makes of an event") {
  const TempFolder folder;
  SmallHub hub;
  auto client = open(hub.member("school-a"), folder.path());
  REQUIRE(client
              ->subscribe(to("echo"),
                          [&](const Delivery& d) {
                            if (d.event.subject != "question") return Verdict::done();
                            schema::Event answer = make_event(2, "answer");
                            answer.causationid = d.event.id;
                            return client->publish(std::vector{answer}) ? Verdict::done() : Verdict::failed("outbox");
                          })
              .has_value());
  REQUIRE(client->publish(std::vector{make_event(1, "question")}).has_value());
  CHECK(wait_until([&] { return hub.log_size() == 2; }));
}

TEST_CASE("client: destroying one waits for the handler that runs") {
  const TempFolder folder;
  SmallHub hub;
  auto client = open(hub.member("school-a"), folder.path());
  std::atomic<bool> started = false;
  std::atomic<bool> let_go = false;
  std::atomic<bool> returned = false;
  REQUIRE(client
              ->subscribe(to("slow"),
                          [&](const Delivery&) {
                            started = true;
                            wait_until([&] { return let_go.load(); });
                            returned = true;
                            return Verdict::done();
                          })
              .has_value());
  publish(*client, 1, 1);
  REQUIRE(wait_until([&] { return started.load(); }));
  std::thread destroyer([&] { client.reset(); });
  let_go = true;
  destroyer.join();
  CHECK(returned);
}

TEST_CASE("client: views are asked, joined, and end with their time") {
  SmallHub hub;
  auto client = open(hub.member("school-a"), {});
  const auto pages = client->query("status", "{}", patience);
  REQUIRE(pages.has_value());
  CHECK(*pages == std::vector<std::string>{"[\"status\"]", "[]"});
  CHECK(client->query("silence", "{}", milliseconds(50)).error().code == Errc::timeout);
  CHECK(client->query("big", std::string(2U << 20, ' '), patience).error().code == Errc::frame_oversize);
}

TEST_CASE("client: an unknown key is told to whoever waits for the connection") {
  SmallHub hub;
  auto client = open(hub.member("stranger", false), {});
  const Status connected = client->connected(patience);
  REQUIRE_FALSE(connected.has_value());
  CHECK(connected.error().code == Errc::unknown_key);
}

TEST_CASE("client: without a data folder it publishes nothing and has ephemeral consumers only") {
  SmallHub hub;
  auto client = open(hub.member("school-a"), {});
  CHECK(client->publish(std::vector{make_event(1)}).error().code == Errc::invalid_argument);
  const Handler nothing = [](const Delivery&) { return Verdict::done(); };
  CHECK(client->subscribe(to("durable"), nothing).error().code == Errc::invalid_argument);
  CHECK(client->subscribe(to("screen", true), nothing).has_value());
  CHECK(client->subscribe(to("screen", true), nothing).error().code == Errc::exists);
  CHECK(client->subscribe(to("Not A Name", true), nothing).error().code == Errc::invalid_argument);
  REQUIRE(client->connected(patience).has_value());
  Subscription bad = to("bad", true);
  bad.filter = "bad";
  CHECK(client->subscribe(bad, nothing).error().code == Errc::filter_invalid);
  CHECK(client->unsubscribe("screen").has_value());
  CHECK(client->unsubscribe("screen").error().code == Errc::not_found);
}

TEST_CASE("client: a data folder serves one client at a time") {
  const TempFolder folder;
  SmallHub hub;
  const KeyFile keys = hub.member("school-a");
  auto first = open(keys, folder.path());
  Options options;
  options.keys = keys;
  options.data_folder = folder.path();
  const auto second = Client::open(options);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::locked);
  first.reset();
  CHECK(Client::open(options).has_value());
}

TEST_CASE("client: fifty of them share one runtime") {
  constexpr std::uint64_t clients = 50;
  constexpr std::uint64_t each = 5;
  const TempFolder folder;
  SmallHub hub;
  auto runtime = make_runtime();
  std::vector<std::unique_ptr<Client>> all;
  for (std::uint64_t i = 0; i < clients; ++i) {
    const std::string name = "member-" + std::to_string(i);
    all.push_back(open(hub.member(name), folder.path() / name, runtime));
    publish(*all[i], i * each + 1, (i + 1) * each);
  }
  for (auto& client : all) REQUIRE(client->flush(patience).has_value());
  const auto log = hub.log();
  CHECK(log.size() == clients * each);
  CHECK(std::set<EventId>(log.begin(), log.end()).size() == clients * each);

  std::atomic<std::uint64_t> heard = 0;
  for (auto& client : all) {
    REQUIRE(client
                ->subscribe(to("reader"),
                            [&](const Delivery&) {
                              ++heard;
                              return Verdict::done();
                            })
                .has_value());
  }
  CHECK(wait_until([&] { return heard == clients * clients * each; }));
}

// Concern: a real irod goes down without losing what it acknowledged, reads its configuration again, and logs nobody.
// Plan: processes, sockets and signals as in production; publishers go on while the hub is stopped and started.
#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::test {
namespace {

using namespace std::chrono_literals;

client::Options options(const client::KeyFile& keys, const std::filesystem::path& folder) {
  client::Options o;
  o.keys = keys;
  o.client_name = "test";
  o.data_folder = folder;
  return o;
}
const schema::Registry& types() {
  static const schema::Registry all = std::move(schema::Registry::builtin().value());
  return all;
}
schema::Event make(const std::string& type, const std::string& json) {
  const auto* t = types().find_loosely(type);
  schema::Event e;
  e.type = t->name;
  e.payload = types().from_json(*t, json).value();
  return e;
}
std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("drain: a hub that is stopped under load loses nothing, and its clients come back by themselves") {
  TempFolder folder;
  RunningHub hub(folder.path());
  hub.start();
  const auto school_keys = hub.enrol("school-a", {"school"});
  const auto hospital_keys = hub.enrol("hospital-a", {"care_provider"});
  std::mutex mutex;
  std::multiset<std::string> handled;
  auto school = client::Client::open(options(school_keys, folder.path() / "school")).value();
  client::Subscription all;
  all.consumer = "all";
  REQUIRE(school->subscribe(all, [&](const client::Delivery& d) {
    const std::lock_guard lock(mutex);
    handled.insert(to_string(d.event.id));
    return client::Verdict::done();
  }));
  auto hospital = client::Client::open(options(hospital_keys, folder.path() / "hospital")).value();
  std::atomic<bool> over = false;
  std::set<std::string> sent;
  std::thread publisher([&] {
    for (int n = 0; !over; ++n) {
      const auto e = make("vacancy.opened",
                          R"({"vacancy_id":"v-)" + std::to_string(n) + R"(","provider":"hospital-a","offer":{}})");
      const auto ids = hospital->publish({&e, 1});
      if (ids) sent.insert(to_string(ids->front()));
    }
  });
  for (int round = 0; round < 3; ++round) {
    const auto reached = hospital->publish_stats().accepted + 50;
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (hospital->publish_stats().accepted < reached && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    const auto before = std::chrono::steady_clock::now();
    CHECK(hub.stop() == 0);
    CHECK(std::chrono::steady_clock::now() - before < 5s);  // drain_ms is 500 here
    hub.start();
  }
  over = true;
  publisher.join();
  REQUIRE(hospital->flush(30s));
  CHECK(hospital->publish_stats().refused == 0);
  const auto until = std::chrono::steady_clock::now() + 30s;
  const auto all_there = [&] {
    const std::lock_guard lock(mutex);
    return handled.size() >= sent.size();
  };
  while (!all_there() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  const std::lock_guard lock(mutex);
  CHECK(std::set<std::string>(handled.begin(), handled.end()) == sent);
  CHECK(handled.size() == sent.size());  // the inbox knows what it had
}

TEST_CASE("reload: SIGHUP takes the new log level and name, and says what wants a restart") {
  TempFolder folder;
  RunningHub hub(folder.path());
  const auto log = folder.path() / "irod.log";
  hub.log_to(log, "warning");
  hub.start();
  std::string config = contents(hub.folder() / "hub.toml");
  config.replace(config.find("name = \"region\""), 15, "name = \"anders\"");
  config.replace(config.find("oin = \"00000099000000000000\""), 28, "oin = \"00000099000000000001\"");
  config.replace(config.find("witness = \"witness\""), 19, "witness = \"elsewhere\"");
  std::ofstream(hub.folder() / "hub.toml") << config;
  hub.signal(SIGHUP);
  auto op = client::Client::open(options(hub.operator_key(), folder.path() / "op")).value();
  REQUIRE(op->connected(10s));
  const auto until = std::chrono::steady_clock::now() + 10s;
  std::string status;
  while (status.find("\"hub\":\"anders\"") == std::string::npos && std::chrono::steady_clock::now() < until)
    status = op->query("status", "", 5s).value().front();
  CHECK_THAT(status, ContainsSubstring("\"hub\":\"anders\""));
  for (const char* setting : {"oin", "witness"})
    CHECK_THAT(contents(log), ContainsSubstring(std::string(setting) + ": changed, and wants a restart"));
  // What cannot be used is not taken, and the hub goes on as it was.
  std::ofstream(hub.folder() / "hub.toml") << "name = ";
  hub.signal(SIGHUP);
  while (contents(log).find("is not taken") == std::string::npos && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  CHECK_THAT(contents(log), ContainsSubstring("the new configuration is not taken"));
  CHECK(op->query("status", "", 5s));
}

TEST_CASE("log: whatever goes through a hub at level debug, its log names no person and holds no content") {
  TempFolder folder;
  RunningHub hub(folder.path());
  const auto log = folder.path() / "irod.log";
  hub.log_to(log, "debug");
  hub.start();
  const auto school_keys = hub.enrol("school-a", {"school"});
  const auto hospital_keys = hub.enrol("hospital-a", {"care_provider"});
  auto school = client::Client::open(options(school_keys, folder.path() / "school")).value();
  auto hospital = client::Client::open(options(hospital_keys, folder.path() / "hospital")).value();
  client::Subscription all;
  all.consumer = "all";
  REQUIRE(hospital->subscribe(all, [](const client::Delivery&) { return client::Verdict::park("MARK-reason"); }));
  const std::vector<schema::Event> events = {
      make("student.at-risk", R"({"risk_id":"MARK-subject","student":"MARK-pseudonym-1","school":"school-a"})"),
      make(
          "handover.requested",
          R"({"handover_id":"MARK-handover","student":"MARK-pseudonym-2","school":"school-a","present_provider":"MARK-stranger"})"),
      make("student.at-risk", R"({"risk_id":"r-111222333","student":"111222333","school":"school-a"})"),  // refused
      make("handover.invited", R"({"handover_id":"MARK-invited","school":"school-a","provider":"hospital-a"})")};
  const auto ids = school->publish(events);
  REQUIRE(ids);
  REQUIRE(school->flush(20s));
  CHECK(school->publish_stats().refused == 1);
  CHECK_FALSE(hospital->query("event", R"({"id":"MARK-query"})", 5s));
  CHECK(school->query("explain", R"({"id":")" + to_string(ids->front()) + R"("})", 5s));
  hub.signal(SIGHUP);
  CHECK(hub.stop() == 0);
  const std::string said = contents(log);
  CHECK_FALSE(said.empty());
  CHECK(said.find("MARK") == std::string::npos);
  CHECK(said.find("111222333") == std::string::npos);
}

}  // namespace iro::test

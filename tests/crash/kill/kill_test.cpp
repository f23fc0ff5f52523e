// tests/crash/kill/kill_test.cpp: irod is killed at random moments while four
// clients publish and four consume. Afterwards:
//   1. every acknowledged event is in the log once, and no event twice;
//   2. every handler saw each of its events exactly once, in order per subject;
//   3. the log verifies.
#include <fmt/format.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "hub/log/sqlite/sqlite_reader.hpp"
#include "hub/log/sqlite/verify.hpp"
#include "hub/schema/registry.hpp"
#include "tests/support/must.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::test {
namespace {

using namespace std::chrono_literals;
constexpr int publishers = 4;
constexpr int consumers = 4;
constexpr int subjects = 16;  // a publisher

/// What a consumer's handler wrote down, in the inbox's own transaction.
struct Seen {
  std::string id;
  std::string subject;
  std::uint32_t n = 0;
};

class Test {
 public:
  Test(int kills, std::uint64_t seed)
      : kills_(kills), random_(seed), hub_(folder_.path()), registry_(must(schema::Registry::builtin(), "schemas")) {}

  void run() {
    hub_.start();
    open_clients();
    std::vector<std::thread> threads;
    for (int i = 0; i < publishers; ++i) threads.emplace_back([this, i] { publish(i); });
    for (int k = 1; k <= kills_; ++k) {
      // From at once to well into the work: a start takes some 30 ms.
      const std::chrono::microseconds moment(std::uniform_int_distribution<int>(0, 150'000)(random_));
      std::this_thread::sleep_for(moment);  // style: sleep-in-test, because the moment of the kill is what is random
      hub_.kill();
      hub_.start();
      if (k % 50 == 0) std::cout << fmt::format("{} kills, {} published\n", k, published_.load()) << std::flush;
    }
    stopping_ = true;
    for (auto& t : threads) t.join();
    for (auto& c : publishers_) must(c->flush(60s), "flush");
    wait_for_consumers();
    publishers_.clear();
    consumers_.clear();
    if (const int code = hub_.stop(); code != 0) throw std::runtime_error(fmt::format("irod ended with {}", code));
    check_log();
    for (int i = 0; i < consumers; ++i) check_consumer(i);
    std::cout << fmt::format("{} kills, {} events acknowledged, each {} times handled: all there, once, in order\n",
                             kills_, published_.load(), consumers);
  }

 private:
  client::Options options(const client::KeyFile& keys, const std::string& name) {
    client::Options o;
    o.keys = keys;
    o.client_name = name;
    o.data_folder = folder_.path() / name;
    return o;
  }

  void open_clients() {
    for (int i = 0; i < consumers; ++i) {
      const std::string name = fmt::format("school-{}", i);
      auto client = must(client::Client::open(options(hub_.enrol(name, {"school"}), name)), "consumer");
      client::Subscription s;
      s.consumer = "all";
      must(client->subscribe(s, [this, i](const client::Delivery& d) { return handle(i, d); }), "subscribe");
      consumers_.push_back(std::move(client));
    }
    for (int i = 0; i < publishers; ++i) {
      const std::string name = fmt::format("hospital-{}", i);
      publishers_.push_back(
          must(client::Client::open(options(hub_.enrol(name, {"care_provider"}), name)), "publisher"));
    }
  }

  schema::Event make(int publisher, std::uint32_t n) {
    const auto* type = registry_.find_loosely("vacancy.opened");
    schema::Event e;
    e.type = type->name;
    e.payload = must(
        registry_.from_json(
            *type,
            fmt::format(
                R"({{"vacancy_id":"v-{}-{}","provider":"hospital-{}","offer":{{"hours_per_week":{}}},"effective_on":"2026-09-01"}})",
                publisher, n % subjects, publisher, n / subjects % 60'000)),
        "payload");
    e.foreign_id = "";
    return e;
  }

  /// Bursts of one to twenty, some thousand a second in all; each is on the outbox's disk before the next.
  void publish(int i) {
    std::mt19937_64 random(static_cast<std::uint64_t>(i) + 1);
    std::uint32_t n = 0;
    while (!stopping_) {
      std::vector<schema::Event> events;
      for (std::size_t k = std::uniform_int_distribution<std::size_t>(1, 20)(random); k > 0; --k)
        events.push_back(make(i, n++));
      auto ids = must(publishers_[static_cast<std::size_t>(i)]->publish(events), "publish");
      {
        const std::lock_guard lock(mutex_);
        for (const auto& id : ids) sent_.push_back(to_string(id));
      }
      published_ += ids.size();
      std::this_thread::sleep_for(10ms);  // style: sleep-in-test, because it is the pace of the load
    }
  }

  client::Verdict handle(int i, const client::Delivery& d) {
    const auto* type = registry_.find(d.event.type);
    if (type == nullptr || d.event.subject.empty() || d.event.subject.front() != 'v') return client::Verdict::done();
    d.inbox.exec("CREATE TABLE IF NOT EXISTS handled(n INTEGER PRIMARY KEY, id TEXT, subject TEXT)");
    SQLite::Statement put(d.inbox, "INSERT INTO handled(id, subject) VALUES(?, ?)");
    put.bind(1, to_string(d.event.id));
    put.bind(2, std::string(d.event.subject));
    put.exec();
    ++handled_[static_cast<std::size_t>(i)];
    return client::Verdict::done();
  }

  void wait_for_consumers() {
    for (int i = 0; i < consumers; ++i) {
      // As long as it gets on: under a sanitizer what 300 kills left behind takes minutes.
      auto moved = std::chrono::steady_clock::now();
      for (std::uint64_t before = count(i); before < published_ && std::chrono::steady_clock::now() < moved + 60s;) {
        std::this_thread::sleep_for(20ms);  // style: sleep-in-test, because a file can only be asked, until a deadline
        if (const std::uint64_t now = count(i); now > before) before = now, moved = std::chrono::steady_clock::now();
      }
    }
  }

  std::uint64_t count(int i) {
    SQLite::Database db((folder_.path() / fmt::format("school-{}", i) / "inbox.db").string(), SQLite::OPEN_READONLY,
                        5'000);
    if (!db.tableExists("handled")) return 0;
    return static_cast<std::uint64_t>(db.execAndGet("SELECT count(*) FROM handled").getInt64());
  }

  void check_log() {
    auto report = must(log::verify(hub_.data()), "verify");
    if (!report.sound())
      throw std::runtime_error(fmt::format("the log does not verify: {}", report.findings.front().text()));
    auto reader = must(log::SqliteReader::open(hub_.data()), "read the log");
    std::map<std::string, int> in_log;
    for (Seq at(1);;) {
      const auto chunks = must(reader->read(at, 4U << 20, std::nullopt), "read");
      if (chunks.empty()) break;
      for (const auto& chunk : chunks) {
        const auto view = must(log::ChunkView::open(chunk), "chunk");
        for (std::uint32_t i = 0; i < view.count(); ++i) {
          const auto entry = view.entry(i);
          const std::string id = to_string(entry.id);
          if (++in_log[id] > 1) throw std::runtime_error(fmt::format("{} is in the log twice", id));
          if (!entry.subject.empty() && entry.subject.front() == 'v') order_[std::string(entry.subject)].push_back(id);
        }
        at = chunk->last_seq().next();
      }
    }
    for (const auto& id : sent_) {
      if (!in_log.contains(id)) throw std::runtime_error(fmt::format("{} was acknowledged and is not in the log", id));
    }
  }

  void check_consumer(int i) {
    SQLite::Database db((folder_.path() / fmt::format("school-{}", i) / "inbox.db").string(), SQLite::OPEN_READONLY);
    std::map<std::string, std::vector<std::string>> got;
    SQLite::Statement rows(db, "SELECT id, subject FROM handled ORDER BY n");
    while (rows.executeStep()) got[rows.getColumn(1).getString()].push_back(rows.getColumn(0).getString());
    for (const auto& [subject, ids] : order_) {
      if (got[subject] == ids) continue;
      throw std::runtime_error(
          fmt::format("school-{}: subject {} was handled {} times in another order or number than the {} in the log", i,
                      subject, got[subject].size(), ids.size()));
    }
  }

  int kills_;
  std::mt19937_64 random_;
  TempFolder folder_;
  RunningHub hub_;
  schema::Registry registry_;
  std::vector<std::unique_ptr<client::Client>> publishers_;
  std::vector<std::unique_ptr<client::Client>> consumers_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> published_{0};
  std::array<std::atomic<std::uint64_t>, consumers> handled_{};
  std::mutex mutex_;
  std::vector<std::string> sent_;
  std::map<std::string, std::vector<std::string>> order_;
};

}  // namespace
}  // namespace iro::test

int main(int argc, char** argv) {
  int kills = 300;
  std::uint64_t seed = std::random_device{}();
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--kills") kills = std::atoi(argv[i + 1]);
    if (name == "--seed") seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  std::cout << "seed " << seed << "\n" << std::flush;
  try {
    iro::test::Test(kills, seed).run();
  } catch (const std::exception& e) {
    std::cout << "FAILED with seed " << seed << ": " << e.what() << "\n";
    return 1;
  }
  return 0;
}

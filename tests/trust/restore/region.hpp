// tests/trust/restore/region.hpp: two providers that publish, two schools that listen, a real hub, and `iro`.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "hub/log/sqlite/sqlite_reader.hpp"
#include "hub/schema/registry.hpp"
#include "tests/catch.hpp"
#include "tests/support/iro_command.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::test {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Polls until `what` holds; false when a minute has passed.
template <typename Condition>
bool soon(Condition&& what) {
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (!what()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(20ms);  // style: sleep-in-test, because a process can only be asked, until a deadline
  }
  return true;
}

class Region {
 public:
  Region() : hub(folder.path()), registry(*schema::Registry::builtin()) {
    hub.start();
    REQUIRE(hub.operator_key().save(hub.folder() / "operator.key.toml"));
    for (const char* name : {"school-0", "school-1"}) listen(name, hub.enrol(name, {"school"}));
    for (const char* name : {"hospital-0", "hospital-1"}) {
      publishers.push_back(open(name, hub.enrol(name, {"care_provider"})));
    }
  }
  ~Region() { stop_load(); }

  std::unique_ptr<client::Client> open(const std::string& name, const client::KeyFile& keys) {
    client::Options o;
    o.keys = keys;
    o.client_name = name;
    o.data_folder = folder.path() / name;
    o.on_trouble = [this](const Error& error) {
      const std::lock_guard lock(mutex);
      troubles.insert(error.code);
    };
    auto client = client::Client::open(std::move(o));
    REQUIRE(client);
    return std::move(*client);
  }

  void listen(const std::string& name, const client::KeyFile& keys) {
    auto client = open(name, keys);
    client::Subscription s;
    s.consumer = "all";
    s.from = wire::From::beginning;
    REQUIRE(client->subscribe(s, [](const client::Delivery& d) {
      d.inbox.exec("CREATE TABLE IF NOT EXISTS handled(n INTEGER PRIMARY KEY, id TEXT, type TEXT)");
      SQLite::Statement put(d.inbox, "INSERT INTO handled(id, type) VALUES(?, ?)");
      put.bind(1, to_string(d.event.id));
      put.bind(2, std::string(d.event.type));
      put.exec();
      return client::Verdict::done();
    }));
    listeners[name] = std::move(client);
  }

  schema::Event make(std::size_t publisher) {
    const auto* type = registry.find_loosely("vacancy.opened");
    schema::Event e;
    e.type = type->name;
    e.payload = *registry.from_json(
        *type,
        fmt::format(
            R"({{"vacancy_id":"v-{}-{}","provider":"hospital-{}","offer":{{"hours_per_week":24}},"effective_on":"2026-09-01"}})",
            publisher, made_++ % 16, publisher));
    return e;
  }
  void publish(std::size_t publisher, int events) {
    std::vector<schema::Event> some;
    for (int i = 0; i < events; ++i) some.push_back(make(publisher));
    const auto ids = publishers[publisher]->publish(some);
    if (!ids) return;
    const std::lock_guard lock(mutex);
    for (const auto& id : *ids) sent.push_back(to_string(id));
  }
  void start_load() {
    loading_ = true;
    for (std::size_t p = 0; p < publishers.size(); ++p) {
      load_.emplace_back([this, p] {
        while (loading_) {
          publish(p, 7);
          std::this_thread::sleep_for(3ms);  // style: sleep-in-test, because it is the pace of the load
        }
      });
    }
  }
  void stop_load() {
    loading_ = false;
    for (auto& t : load_) t.join();
    load_.clear();
  }
  void flush() {
    for (auto& p : publishers) REQUIRE(p->flush(60s));
  }

  /// How often each id stands in the log, in the order of the log.
  std::vector<std::string> ids_in_log() const {
    std::vector<std::string> out;
    auto reader = log::SqliteReader::open(hub.data());
    if (!reader) return out;
    for (Seq at(1);;) {
      const auto chunks = (*reader)->read(at, 4U << 20, std::nullopt);
      if (!chunks || chunks->empty()) return out;
      for (const auto& chunk : *chunks) {
        const auto view = log::ChunkView::open(chunk);
        for (std::uint32_t i = 0; i < view->count(); ++i) out.push_back(to_string(view->entry(i).id));
        at = chunk->last_seq().next();
      }
    }
  }
  bool all_in_log() const {
    std::set<std::string> there;
    for (auto& id : ids_in_log()) there.insert(std::move(id));
    return std::ranges::all_of(sent, [&](const auto& id) { return there.contains(id); });
  }
  /// How often a school handled each event, by id; and how many there were of a type.
  std::map<std::string, int> handled(const std::string& school, const std::string& type) const {
    std::map<std::string, int> out;
    SQLite::Database db((folder.path() / school / "inbox.db").string(), SQLite::OPEN_READONLY, 5'000);
    if (!db.tableExists("handled")) return out;
    SQLite::Statement rows(db, "SELECT id FROM handled WHERE type=?");
    rows.bind(1, type);
    while (rows.executeStep()) ++out[rows.getColumn(0).getString()];
    return out;
  }
  /// While the load runs, too.
  std::size_t sent_so_far() {
    const std::lock_guard lock(mutex);
    return sent.size();
  }
  bool told(Errc code) {
    const std::lock_guard lock(mutex);
    return troubles.contains(code);
  }

  TempFolder folder;
  RunningHub hub;
  schema::Registry registry;
  std::map<std::string, std::unique_ptr<client::Client>> listeners;
  std::vector<std::unique_ptr<client::Client>> publishers;
  std::mutex mutex;
  std::vector<std::string> sent;
  std::set<Errc> troubles;

 private:
  std::atomic<std::uint64_t> made_{0};
  std::atomic<bool> loading_{false};
  std::vector<std::thread> load_;
};

}  // namespace iro::test

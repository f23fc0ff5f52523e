// Concern: what is erased or over cannot be read again, from no byte of the live files; what is not stays readable.
// Plan: the real log, keys and index on disk behind a core whose plugin keeps state about people; 1,000 secrets; then
// half of the people are erased and time passes for the rest. The test keeps every key it saw and looks for its bytes.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "hub/log/sqlite/connection.hpp"
#include "hub/log/sqlite/sqlite_key_ring.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"
#include "hub/log/sqlite/sqlite_reader.hpp"
#include "hub/log/sqlite/tables.hpp"
#include "hub/log/sqlite/verify.hpp"
#include "hub/views/index.hpp"
#include "plugins/scenario/harness.hpp"
#include "tests/catch.hpp"
#include "tests/support/temp_folder.hpp"

using namespace iro;
using namespace iro::scenario;
using namespace iro::test;
namespace fs = std::filesystem;

namespace {

constexpr int people = 250;  // each with four secrets

std::string pseudonym(int i) { return fmt::format("pseudonym-{:05}", i); }
std::string secret(const char* where, int i) { return fmt::format("canary-{}-{:05}-in-the-mine", where, i); }

/// A region whose every commit also goes to a log on disk, with real keys.
class Region {
 public:
  Region() {
    auto opened = log::SqliteLog::open(folder_.path(), clock_);
    REQUIRE(opened);
    disk_ = std::move(*opened);
    auto ring = log::SqliteKeyRing::open(folder_.path(), clock_);
    REQUIRE(ring);
    keys_ = std::move(*ring);
    HarnessOptions options;
    options.log_id = log_id();
    options.keys = keys_.get();
    options.also = [this](const log::Commit& commit) { take(commit); };
    options.plugins = {{"keeper", {registry().find_loosely("handover.requested")->name}, {}}};
    hub_ = std::make_unique<Harness>(std::move(options));
    hub_->plugins["keeper"] = [](const reaction::CallEvent& e) {
      const auto facts = registry().facts(*registry().find(e.event.type), e.event.payload);
      reaction::Outcome out;
      out.state.push_back(
          {to_bytes(facts.subject), to_bytes("state of " + std::string(facts.person)), std::string(facts.person)});
      return out;
    };
    hub_->enrol("school-a", {"school"});
    hub_->enrol("hospital-a", {"care_provider"});
    hub_->enrol("bureau-a", {"bureau"});
  }

  void tell_about(int i) {
    Client& school = client("school-a");
    REQUIRE(hub_->publish_one(school, "handover.requested",
                              fmt::format(R"({{"handover_id": "ho-{}", "student": "{}", "school": "school-a", )"
                                          R"("present_provider": "hospital-a", "area": "{}"}})",
                                          i, pseudonym(i), secret("area", i))) == Errc::ok);
    const std::string sealed =
        fmt::format(R"("content": {{"scheme": "{}", "keys": [], "content": "AAAA"}})", secret("sealed", i));
    REQUIRE(hub_->publish_one(client("hospital-a"), "dossier.item-sealed",
                              fmt::format(R"({{"handover_id": "ho-{}", "student": "{}", "author": "hospital-a", )"
                                          R"("recipient": "school-a", "item": "goals", "school": "school-a", {}}})",
                                          i, pseudonym(i), sealed)) == Errc::ok);
    if (i % 3 == 0) {
      REQUIRE(hub_->publish_one(school, "consent.given",
                                fmt::format(R"({{"handover_id": "ho-{}", "student": "{}", "school": "school-a", )"
                                            R"("author": "hospital-a", "recipient": "school-a", "item": "goals"}})",
                                            i, pseudonym(i))) == Errc::ok);
      hub_->advance_ms(100);
    }
    const auto keys = keys_->keys_of(pseudonym(i)).value();
    for (const auto& [months, no] : keys) seen_keys_[i].push_back(keys_->find(no).value().value());
  }

  Errc erase(const std::string& person) {
    return hub_->operate("nl.placements.hub.subject-erased.v1",
                         fmt::format(R"({{"erasure_id": "er-{}", "student": "{}", "reason": "asked_by_student"}})",
                                     ++erasures_, person));
  }

  Client& client(const std::string& slug) {
    for (auto& [no, c] : hub_->clients) {
      if (c.slug == slug) return c;
    }
    return hub_->connect(slug);
  }

  /// What a new reader of the school gets now: texts that stand in payloads.
  std::string read_all() {
    Client& reader = hub_->connect("school-a", fmt::format("reader-{}", ++readers_));
    hub_->subscribe(reader, fmt::format("all-{}", readers_), "", wire::From::beginning);
    for (std::size_t before = 0; before != reader.received.size();) {
      before = reader.received.size();
      hub_->ack_all(reader);
    }
    std::string out;
    for (const Received& r : reader.received) out += as_text(r.event.payload);
    hub_->disconnect(reader);
    return out;
  }

  /// Every byte of every live file, with the log's and the keys' WAL as they are.
  std::string bytes() {
    auto reader = log::SqliteReader::open(folder_.path());
    REQUIRE(reader);
    auto index = views::Index::open(folder_.path() / "index.db", **reader);
    REQUIRE(index);
    std::string out;
    for (const auto& file : fs::directory_iterator(folder_.path())) {
      std::ifstream in(file.path(), std::ios::binary);
      out.append(std::istreambuf_iterator<char>(in), {});
    }
    return out;
  }

  [[nodiscard]] const std::vector<log::PersonKey>& keys_seen(int i) { return seen_keys_[i]; }
  Harness& hub() { return *hub_; }
  log::SqliteLog& disk() { return *disk_; }
  log::SqliteKeyRing& keys() { return *keys_; }
  [[nodiscard]] const fs::path& folder() const { return folder_.path(); }

 private:
  std::array<std::uint8_t, 16> log_id() {
    auto db = log::open_connection(folder_.path() / "log.db", {});
    REQUIRE(db);
    return log::read_meta(**db).log_id;
  }

  /// What irod does with a commit.
  void take(const log::Commit& commit) {
    REQUIRE(disk_->commit(commit));
    if (!commit.tombstones.empty()) REQUIRE(disk_->truncate_wal());
    for (bool more = true; more;) more = disk_->tend().value();
  }

  TempFolder folder_;
  ManualClock clock_{parse_time("2026-09-01T08:00:00Z").value()};
  std::unique_ptr<log::SqliteLog> disk_;
  std::unique_ptr<log::SqliteKeyRing> keys_;
  std::unique_ptr<Harness> hub_;
  std::map<int, std::vector<log::PersonKey>> seen_keys_;
  int erasures_ = 0;
  int readers_ = 0;
};

bool holds(const std::string& bytes, const log::PersonKey& key) {
  return bytes.find(std::string(reinterpret_cast<const char*>(key.key.data()), key.key.size())) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "erasure: no key, secret or pseudonym of an erased person is left in any live file; the others stay readable") {
  Region r;
  for (int i = 0; i < people; ++i) r.tell_about(i);
  REQUIRE(r.hub().publish_one(
              r.client("hospital-a"), "vacancy.opened",
              R"({"vacancy_id": "vac-1", "provider": "hospital-a", "offer": {"note": "a-plain-word"}})") == Errc::ok);
  const std::string before = r.bytes();
  const std::string read_before = r.read_all();
  CHECK(before.find("a-plain-word") != std::string::npos);  // the search finds what is there
  for (int i = 0; i < people; ++i) {
    CAPTURE(i);
    REQUIRE_FALSE(r.keys_seen(i).empty());
    for (const auto& key : r.keys_seen(i)) CHECK(holds(before, key));
    CHECK(read_before.find(secret("area", i)) != std::string::npos);
    CHECK(before.find(pseudonym(i)) == std::string::npos);  // never in clear
    CHECK(before.find(secret("area", i)) == std::string::npos);
    CHECK(before.find(secret("sealed", i)) == std::string::npos);
  }
  for (int i = 0; i < people; i += 2) REQUIRE(r.erase(pseudonym(i)) == Errc::ok);
  const std::string after = r.bytes();
  const std::string read_after = r.read_all();
  const auto state = r.disk().plugin_state("keeper", {}, true).value();
  CHECK(state.size() == people / 2);
  for (int i = 0; i < people; ++i) {
    CAPTURE(i);
    const bool erased = i % 2 == 0;
    for (const auto& key : r.keys_seen(i)) CHECK(holds(after, key) != erased);
    CHECK((read_after.find(secret("area", i)) == std::string::npos) == erased);
    CHECK((read_after.find(pseudonym(i)) == std::string::npos) == erased);
    if (i % 3 == 0) CHECK((read_after.find(secret("sealed", i)) == std::string::npos) == erased);
  }
  const auto report = log::verify(r.folder());
  REQUIRE(report);
  CHECK(report->findings_total == 0);
}

TEST_CASE("erasure: an unknown person is refused, and a second time too") {
  Region r;
  CHECK(r.erase("pseudonym-nobody") == Errc::subject_unknown);
  r.tell_about(1);
  CHECK(r.erase(pseudonym(1)) == Errc::ok);
  CHECK(r.erase(pseudonym(1)) == Errc::subject_unknown);
  // The person may come back; what was erased does not.
  r.tell_about(1);
  CHECK(r.read_all().find(secret("area", 1)) != std::string::npos);
}

TEST_CASE("erasure: only the operator may, and what waits for consent is gone too") {
  Region r;
  r.tell_about(1);
  CHECK(r.hub().publish_one(r.client("school-a"), "nl.placements.hub.subject-erased.v1",
                            R"({"erasure_id": "er-9", "student": "pseudonym-00001"})") == Errc::missing_grant);
  REQUIRE(r.erase(pseudonym(1)) == Errc::ok);
  REQUIRE(r.disk().load().value().held.empty());
  REQUIRE(r.hub().publish_one(r.client("school-a"), "consent.given",
                              R"({"handover_id": "ho-1", "student": "pseudonym-00001", "school": "school-a",
                                  "author": "hospital-a", "recipient": "school-a", "item": "goals"})") == Errc::ok);
  r.hub().advance_ms(500);
  CHECK(r.read_all().find(secret("sealed", 1)) == std::string::npos);
}

namespace {

std::uint64_t bodies(Region& r) {
  return log::SqliteReader::open(r.folder()).value()->expired(log::kept_for_ever - 1).value().rows;
}

/// Days of which the hub sees one tick each: to it, leaps of its clock.
void live(Region& r, int days) {
  for (int d = 0; d < days; ++d) {
    r.hub().clock.advance_ms(86'400'000);
    r.hub().step(core::Tick{});
    r.hub().step(core::Flush{});
  }
}

}  // namespace

TEST_CASE("retention: a clock that leaps deletes nothing; the operator can, and is told first what it will be") {
  Region r;
  for (int i = 1; i < 20; ++i) r.tell_about(i);
  const auto at_first = bodies(r);
  CHECK(at_first > 0);
  live(r, 3);
  r.hub().restart();
  constexpr std::int64_t silent_ms = 26LL * 31 * 86'400'000;
  static_assert(silent_ms > limits::retention_gap_ms);
  r.hub().clock.advance_ms(silent_ms);
  live(r, 1);
  CHECK(bodies(r) == at_first);
  Client& op = r.hub().connect("operator", "retention");
  r.hub().send(op, wire::Control{1, "retention.run", R"({"dry_run": true})"});
  CHECK(bodies(r) == at_first);
  Client& school = r.hub().connect("school-a", "retention");
  r.hub().send(school, wire::Control{1, "retention.run", "{}"});
  REQUIRE_FALSE(school.answers.empty());
  CHECK(school.answers.back().code == Errc::missing_grant);
  CHECK(bodies(r) == at_first);
  r.hub().send(op, wire::Control{2, "retention.run", "{}"});
  CHECK(bodies(r) == 0);
  CHECK(r.disk().load().value().held.empty());
  CHECK(r.read_all().find("canary") == std::string::npos);
  const auto report = log::verify(r.folder());
  REQUIRE(report);
  CHECK(report->findings_total == 0);
}

TEST_CASE("retention: with a clock that goes as clocks go, each body ends by itself in its month") {
  Region r;
  for (int i = 1; i < 20; ++i) r.tell_about(i);
  const auto at_first = bodies(r);
  const auto hours = [&](int n) {
    for (int h = 0; h < n; ++h) {
      r.hub().clock.advance_ms(3'600'000);
      r.hub().step(core::Tick{});
      r.hub().step(core::Flush{});
    }
  };
  int said = 0;
  const auto months = [&](int n) {
    for (int m = 0; m < n; ++m) {
      hours(31 * 24);
      REQUIRE(r.hub().publish_one(r.hub().connect("hospital-a"), "vacancy.opened",
                                  fmt::format(R"({{"vacancy_id": "vac-{}", "provider": "hospital-a", "offer": {{}}}})",
                                              ++said)) == Errc::ok);
    }
  };
  months(22);
  CHECK(bodies(r) == at_first + 22);
  CHECK(r.read_all().find("canary") != std::string::npos);
  r.hub().advance_ms(2'000);
  const auto accesses = bodies(r) - at_first - 22;  // that it was read is on record, for longer than what was read
  months(5);
  CHECK(bodies(r) == 27 + accesses);  // and the vacancies, which are kept for seven years
  CHECK(r.read_all().find("canary") == std::string::npos);
  const auto report = log::verify(r.folder());
  REQUIRE(report);
  CHECK(report->findings_total == 0);
}

// Concern: `iro doctor` makes 30 checks or more within 2 s, each with what to do, and finds what is wrong.
// Plan: a sound hub, running; then faults put into its folder one by one.
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <map>
#include <set>

#include "hub/daemon/doctor.hpp"
#include "tests/catch.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::test {
namespace {

namespace fs = std::filesystem;
using daemon::Verdict;

std::map<std::string, Verdict> look(const fs::path& folder) {
  const SystemClock clock;
  std::map<std::string, Verdict> out;
  for (const auto& f : daemon::doctor(folder, clock)) {
    INFO(f.check);
    CHECK(out.emplace(std::string(f.check), f.verdict).second);
  }
  for (const char* fleeting : {"load", "memory_free", "disk_free"}) out.erase(fleeting);  // of the machine, not the hub
  return out;
}

}  // namespace

TEST_CASE("doctor: 30 checks or more within 2 s, each with its text and its fix in both languages") {
  TempFolder folder;
  RunningHub hub(folder.path());
  REQUIRE(hub.operator_key().save(hub.folder() / "operator.key.toml"));
  hub.start();
  const SystemClock clock;
  const auto before = std::chrono::steady_clock::now();
  auto findings = daemon::doctor(hub.folder(), clock);
  for (auto& f : daemon::judge_status(nullptr, clock)) findings.push_back(f);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
  CHECK(findings.size() >= 30);
  std::set<std::string_view> known;
  for (const auto& text : daemon::doctor_checks()) {
    INFO(text.name);
    CHECK(known.insert(text.name).second);
    for (const std::string_view part : {text.en, text.nl, text.fix_en, text.fix_nl}) CHECK_FALSE(part.empty());
  }
  std::set<std::string_view> made;
  for (const auto& f : findings) {
    INFO(f.check << ": " << f.detail);
    CHECK(known.contains(f.check));
    made.insert(f.check);
    if (f.check != "answers") CHECK(f.verdict != Verdict::bad);
  }
  CHECK(made == known);
}

TEST_CASE("doctor: what is wrong in the folder is found, and only that") {
  TempFolder folder;
  RunningHub hub(folder.path());
  REQUIRE(hub.operator_key().save(hub.folder() / "operator.key.toml"));
  hub.start();
  REQUIRE(hub.stop() == 0);
  const auto sound = look(hub.folder());
  const auto differs = [&](const std::string& check, Verdict verdict) {
    auto expected = sound;
    expected[check] = verdict;
    CHECK(look(hub.folder()) == expected);
  };
  CHECK(sound.at("log_header") == Verdict::good);
  std::ofstream(hub.data() / "log (copy).db") << "x";
  differs("stray_files", Verdict::warning);
  fs::remove(hub.data() / "log (copy).db");
  fs::permissions(hub.folder() / "operator.key.toml", fs::perms::all);
  differs("operator_mode", Verdict::bad);
  fs::permissions(hub.folder() / "operator.key.toml", fs::perms::owner_read | fs::perms::owner_write);
  fs::rename(hub.data() / "keys.db", folder.path() / "keys.db");
  differs("keys_there", Verdict::bad);
  fs::rename(folder.path() / "keys.db", hub.data() / "keys.db");
  fs::resize_file(hub.data() / "log.db", fs::file_size(hub.data() / "log.db") - 10);
  differs("log_whole_pages", Verdict::bad);
  CHECK(look(folder.path() / "nowhere").at("hub_toml") == Verdict::bad);
}

TEST_CASE("doctor: a status is judged by what it says") {
  const ManualClock clock(parse_time("2026-11-22T10:00:00Z").value());
  const auto status = boost::json::parse(R"({"writing":"disk_full","alarms":[{"alarm":"disk_low","text":"x"}],
      "clock_held_ms":7200000,"now":"2026-11-22T09:00:00Z","parked":3,"index_lag":5,"failed_commits":1,
      "keys_old":[{}],"lag":[{"member":"school-a","consumer":"all","behind":200000,"paused":true}],
      "scrub":{"findings":1}})")
                          .as_object();
  std::map<std::string_view, Verdict> found;
  for (const auto& f : daemon::judge_status(&status, clock)) found[f.check] = f.verdict;
  for (const char* bad : {"writes", "clock_followed", "scrubbed"}) CHECK(found[bad] == Verdict::bad);
  CHECK(found["scrub_works"] == Verdict::good);
  for (const char* warning :
       {"no_alarms", "clock_same", "nothing_parked", "consumers_go", "consumers_near", "commits_succeed", "keys_young"})
    CHECK(found[warning] == Verdict::warning);
  CHECK(found["index_near"] == Verdict::good);
  CHECK(found["backed_up"] == Verdict::skipped);
}

}  // namespace iro::test

// Concern: an operator sees that the scrubber works: what it covers, when its last round ended, what it found.
// Plan: a real irod and `iro`, which scrubs a small log within a second; one with the scrubber off; statuses that say
// what takes two days to come about.
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>

#include "hub/core/machine.hpp"
#include "hub/daemon/doctor.hpp"
#include "tests/catch.hpp"
#include "tests/support/iro_command.hpp"
#include "tests/support/running_hub.hpp"

namespace iro::test {
namespace {

namespace json = boost::json;
using daemon::Verdict;
using namespace std::chrono_literals;

json::object status_of(const RunningHub& hub) {
  const Ran ran = iro_command({"status", "--json", "--hub", hub.folder().string()});
  INFO(ran.output);
  REQUIRE(ran.code == 0);
  return json::parse(ran.output).as_object();
}
/// The scrubber's part of the status once `holds` of it; fails after half a minute.
template <typename Condition>
json::object scrub_when(const RunningHub& hub, Condition&& holds) {
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (true) {
    const json::object status = status_of(hub);
    if (const auto* scrub = status.if_contains("scrub"); scrub != nullptr && holds(scrub->as_object()))
      return scrub->as_object();
    INFO(json::serialize(status));
    REQUIRE(std::chrono::steady_clock::now() < until);
  }
}
/// verdict and detail of one check, as `iro doctor` prints it.
std::pair<std::string, std::string> doctor_says(const RunningHub& hub, std::string_view check) {
  const Ran ran = iro_command({"doctor", "--json", hub.folder().string()});
  INFO(ran.output);
  const json::value answer = json::parse(ran.output);
  for (const auto& f : answer.at("findings").as_array()) {
    if (f.at("check").as_string() == check)
      return {std::string(f.at("verdict").as_string()), std::string(f.at("detail").as_string())};
  }
  FAIL("no such check");
  return {};
}
void replace_in(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, text.find('\n', at) - at, to);
  std::ofstream(file) << text;
}

}  // namespace

TEST_CASE(
    "scrubber: status and doctor of a running hub tell what it covers, when its last round ended, and what it found") {
  TempFolder folder;
  RunningHub hub(folder.path());
  REQUIRE(hub.operator_key().save(hub.folder() / "operator.key.toml"));
  const SystemClock clock;
  const TimeMs before = clock.now();
  hub.start();
  hub.enrol("school-a", {"school"});
  const json::object scrub = scrub_when(hub, [](const json::object& s) { return s.at("last_pass").as_string() != ""; });
  CHECK(scrub.at("on").as_bool());
  CHECK(scrub.at("file").as_string() == "log.db");
  CHECK(scrub.at("covers") == json::value({"chain", "commitments", "tables", "pages"}));
  CHECK(scrub.at("rounds").to_number<int>() == 1);
  CHECK(scrub.at("percent").to_number<int>() == 100);
  CHECK(scrub.at("findings").to_number<int>() == 0);
  CHECK_FALSE(scrub.at("late").as_bool());
  CHECK(scrub.at("trouble").as_string().empty());
  const auto ended = parse_time(std::string(scrub.at("last_pass").as_string()));
  REQUIRE(ended);
  CHECK(ended->value() >= before.value());
  CHECK(ended->value() <= clock.now().value());

  const auto [found, what] = doctor_says(hub, "scrubbed");
  CHECK(found == "good");
  CHECK(what == "log.db (chain, commitments, tables, pages): 0 findings");
  const auto [works, when] = doctor_says(hub, "scrub_works");
  CHECK(works == "good");
  CHECK(when == "the last round ended " + std::string(scrub.at("last_pass").as_string()));
}

TEST_CASE("scrubber: one that is switched off is told, and doctor warns") {
  TempFolder folder;
  RunningHub hub(folder.path());
  REQUIRE(hub.operator_key().save(hub.folder() / "operator.key.toml"));
  replace_in(hub.folder() / "hub.toml", "scrub_bytes_per_second", "scrub_bytes_per_second = 0");
  hub.start();
  const json::object scrub = scrub_when(hub, [](const json::object&) { return true; });
  CHECK_FALSE(scrub.at("on").as_bool());
  CHECK(scrub.at("last_pass").as_string().empty());
  const auto [works, why] = doctor_says(hub, "scrub_works");
  CHECK(works == "warning");
  CHECK(why == "scrub_bytes_per_second = 0");
}

TEST_CASE("scrubber: it is late when no round has ended for two days, and only then") {
  core::ScrubState s;
  s.since = TimeMs(1'795'000'000'000);
  CHECK_FALSE(s.late(s.since.plus(limits::scrub_late_ms)));
  CHECK(s.late(s.since.plus(limits::scrub_late_ms + 1)));
  s.last_pass = s.since.plus(limits::scrub_late_ms);
  CHECK_FALSE(s.late(s.last_pass.plus(limits::scrub_late_ms)));
  CHECK(s.late(s.last_pass.plus(limits::scrub_late_ms + 1)));
  s.on = false;
  CHECK_FALSE(s.late(s.last_pass.plus(limits::scrub_late_ms + 1)));

  const ManualClock clock(s.since);
  const auto verdict_of = [&](const char* text) {
    const auto status = json::parse(text).as_object();
    std::map<std::string_view, Verdict> found;
    for (const auto& f : daemon::judge_status(&status, clock)) found[f.check] = f.verdict;
    return found["scrub_works"];
  };
  CHECK(verdict_of(R"({"scrub":{"on":true,"late":true,"findings":0}})") == Verdict::warning);
  CHECK(verdict_of(R"({"scrub":{"on":true,"late":false,"trouble":"no such file","findings":0}})") == Verdict::warning);
  CHECK(verdict_of(R"({"scrub":{"on":true,"late":false,"trouble":"","findings":0}})") == Verdict::good);
  CHECK(verdict_of(R"({})") == Verdict::skipped);
}

}  // namespace iro::test

// Concern: an author is told what is wrong before an operator is, and a hub that has the plugin all the same goes on.
// Plan: `iro-plugin check` over each bad plugin, and by a table the check that must catch it; then a hub with that
// plugin in its process commits what it was to react to, and what others say. A bad plugin without a line here fails.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <deque>
#include <iostream>
#include <set>

#include "hub/base/limits.hpp"
#include "plugins/scenario/harness.hpp"
#include "plugins/tool/plugin_folder.hpp"
#include "tests/catch.hpp"
#include "tests/plugins/support/plugin_hub.hpp"
#include "tests/support/run_program.hpp"

using namespace iro;
using namespace iro::test;
namespace json = boost::json;

namespace {

// Of the same fields: what is said of one can be said of the other.
constexpr std::string_view opened_type = "nl.placements.vacancy.opened.v1";
constexpr std::string_view changed_type = "nl.placements.vacancy.changed.v1";

constexpr std::uint64_t said = 5;  // to each hub

struct Expectation {
  std::string object;
  std::string check;   // the first one that does not pass; "": none can see it
  std::string result;  // failed, crashed or warning
  std::string budget = "event_ms = 1000";
  std::string_view reacts = closed_type;
  std::string_view emits = closed_type;
};

const std::vector<Expectation>& expectations() {
  static const std::vector<Expectation> all = {
    {"crash_on_load", "entry.loads", "crashed"},
    {"missing_symbol", "entry.loads", "failed"},
    {"wrong_abi", "entry.identity", "failed"},
    {"wrong_size", "entry.identity", "failed"},
    {"lying_id", "entry.identity", "failed"},
    {"wrong_rule_size", "entry.interfaces", "failed"},
    {"crash_in_create", "lifecycle.start", "crashed"},
    {"slow_start", "lifecycle.start", "crashed"},
    {"refuses_config", "lifecycle.start", "failed"},
    {"endless_loop", "behaviour.required", "crashed", "event_ms = 100"},
    {"asks_for_ever", "behaviour.required", "crashed", "event_ms = 10"},
    {"memory_hog", "behaviour.required", "crashed", "event_ms = 1000\nmemory_mib = 16"},
    {"stack_overflow", "behaviour.required", "crashed"},
    {"exits", "behaviour.required", "crashed"},
    {"throws", "behaviour.required", "failed"},
    {"forks", "behaviour.required", "crashed"},
    {"spawns_thread", "behaviour.required", "crashed"},
    {"opens_file", "behaviour.required", "crashed"},
    {"opens_socket", "behaviour.required", "crashed"},
    {"closes_channel", "behaviour.required", "crashed"},
    {"asks_for_clock", "behaviour.required", "crashed"},
    {"writes_channel", "behaviour.required", "failed"},
    {"writes_input", "behaviour.required", "crashed"},
#if defined(__x86_64__)
    {"reads_clock", "behaviour.required", "crashed"},
    {"reads_precise_clock", "behaviour.required", "crashed"},
    {"reads_tsc", "behaviour.required", "crashed"},
#endif
    {"crash_on_event", "behaviour.random", "crashed"},
    {"emit_storm", "behaviour.limits", "failed"},
    {"oversize_effects", "behaviour.limits", "failed"},
    {"undeclared_emit", "behaviour.limits", "failed"},
    {"unverifiable_payload", "behaviour.limits", "failed"},
    {"keeps_pointer", "behaviour.limits", "failed"},
    {"late_for_ever", "behaviour.pace", "warning"},
    {"prints_for_ever", "behaviour.quiet", "warning"},
    {"address_as_value", "determinism.again", "failed"},
    // Landlock refuses the file, and the plugin does not depend on it; without Landlock nobody sees it.
    {"opens_file_on_load", "", ""},
    // Each answers once. That two of them answer each other for ever only the hub can see (below).
    {"ping", "", "", "event_ms = 1000", opened_type, changed_type},
    {"pong", "", "", "event_ms = 1000", changed_type, opened_type},
  };
  return all;
}

PluginWish wish_for(const Expectation& expected) {
  PluginWish wish;
  wish.object = expected.object;
  wish.id = expected.object;
  std::ranges::replace(wish.id, '_', '-');
  wish.budget = expected.budget;
  wish.reacts = fmt::format("\"{}\"", expected.reacts);
  wish.emits = fmt::format("\"{}\"", expected.emits);
  return wish;
}

/// "behaviour.random", "crashed": the first of the worst that was found; nothing when all passed or were skipped.
std::pair<std::string, std::string> first_finding(const json::value& report) {
  std::pair<std::string, std::string> warning;
  for (const json::value& check : report.at("checks").as_array()) {
    const std::string result(check.at("result").as_string());
    if (result == "passed" || result == "skipped" || (result == "warning" && !warning.first.empty())) continue;
    std::pair found{fmt::format("{}.{}", check.at("group").as_string().c_str(), check.at("name").as_string().c_str()),
                    result};
    if (result != "warning") return found;
    warning = std::move(found);
  }
  return warning;
}

struct Beside {
  std::uint64_t committed = 0;  // how many positions the log has more after what was said to the hub
  std::uint64_t hop_limit = 0;  // refusals
};

/// A hub whose reacting rules are the bad ones.
Beside beside(const std::vector<std::filesystem::path>& folders) {
  std::deque<scenario::PluginProcess> processes;
  scenario::HarnessOptions options;
  for (const auto& folder : folders) {
    auto opened = tool::open_folder(folder);
    REQUIRE(opened.has_value());
    options.plugins.push_back(opened->manifest.spec);
    options.processes.push_back(&processes.emplace_back(opened->real(IRO_PLUGIN_HOST)));
  }
  scenario::Harness hub(std::move(options));
  hub.enrol("school-a", {"school"});
  hub.enrol("hospital-a", {"care_provider"});
  auto& school = hub.connect("school-a");
  auto& hospital = hub.connect("hospital-a");
  const auto before = hub.log->load()->next_seq.value();
  for (const char* risk : {"r-1", "r-2", "r-3"}) {
    CHECK(hub.publish_one(school, "risk.closed",
                          fmt::format(R"({{"risk_id":"{}","student":"pseudo-0001","school":"school-a"}})", risk)) ==
          Errc::ok);
  }
  CHECK(hub.publish_one(hospital, "vacancy.withdrawn", R"({"vacancy_id":"v-1","provider":"hospital-a"})") == Errc::ok);
  CHECK(hub.publish_one(hospital, "vacancy.opened", R"({"vacancy_id":"v-2","provider":"hospital-a","offer":{}})") ==
        Errc::ok);
  CHECK(hub.stops.empty());
  const auto& refusals = hub.core->counters().refusals;
  const auto hops = refusals.find(Errc::hop_limit);
  return {hub.log->load()->next_seq.value() - before, hops == refusals.end() ? 0 : hops->second};
}

void tell(std::string_view what, std::string_view result, std::string_view check, std::uint64_t committed) {
  std::cout << fmt::format("{:<22} {:<8} {:<20} the hub committed {} events beside it\n", what, result, check,
                           committed);
}

}  // namespace

TEST_CASE("bad plugins: a check catches each, and a hub with it went on") {
  for (const Expectation& expected : expectations()) {
    const TempFolder scratch;
    const auto folder = scratch / "plugin";
    make_folder(wish_for(expected), folder);
    const Ran ran = run_program(IRO_PLUGIN, {"check", folder.string(), "--json"});
    INFO(expected.object << ": " << ran.output);
    const json::value report = json::parse(ran.output);
    const auto [check, result] = first_finding(report);
    CHECK(check == expected.check);
    CHECK(result == expected.result);
    CHECK(ran.code == (expected.result == "failed" || expected.result == "crashed" ? 1 : 0));
    const std::uint64_t committed = beside({folder}).committed;
    CHECK(committed >= said);
    tell(expected.object, result.empty() ? "harmless" : result, check.empty() ? "nothing catches it" : check,
         committed);
  }
}

TEST_CASE("bad plugins: two that answer each other for ever are ended by the hop limit, and the hub went on") {
  const TempFolder scratch;
  for (const Expectation& expected : expectations()) {
    if (expected.object == "ping" || expected.object == "pong")
      make_folder(wish_for(expected), scratch.path() / expected.object);
  }
  const Beside hub = beside({scratch / "ping", scratch / "pong"});
  // The place that is opened is answered hop by hop, and the answer to the last is refused and told.
  CHECK(hub.hop_limit == 1);
  CHECK(hub.committed == said + limits::hop + 1);
  tell("ping and pong", "refused", "hop_limit, by the hub", hub.committed);
}

TEST_CASE("bad plugins: none is left out") {
  std::set<std::string> listed;
  for (const Expectation& expected : expectations()) listed.insert(expected.object);
  for (const auto& entry : std::filesystem::directory_iterator(test_object("good").parent_path())) {
    const std::string object = entry.path().stem();
    const bool good = object == "good" || object == "echo";
#if !defined(__x86_64__)
    if (object.starts_with("reads_")) continue;
#endif
    INFO(object << " has no line in the table");
    CHECK(listed.contains(object) != good);
  }
}

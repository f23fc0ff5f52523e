// Concern: `iro-plugin check` can be believed: its parts notice what they are there for, and its reports can be read.
// Plan: each part with something that it must see, and with something that it must not.
#include <unistd.h>

#include <csignal>

#include "plugins/tool/check_report.hpp"
#include "plugins/tool/child.hpp"
#include "plugins/tool/samples.hpp"
#include "plugins/tool/watched_host.hpp"
#include "tests/catch.hpp"
#include "tests/plugins/support/plugin_hub.hpp"

using namespace iro;
using namespace iro::tool;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("check: a child's answer comes whole, and its end is told") {
  const std::string large(200'000, 'x');
  CHECK(in_child(seconds(10), [&] { return large; })->text == large);
  const auto crashed = in_child(seconds(10), []() -> std::string {
    ::raise(SIGKILL);
    return "";
  });
  CHECK_FALSE(crashed->answered);
  CHECK(crashed->text == "killed by SIGKILL");
  const auto left = in_child(seconds(10), []() -> std::string { ::_exit(7); });
  CHECK_FALSE(left->answered);
  CHECK(left->text == "ended with status 7");
  const auto late = in_child(milliseconds(50), []() -> std::string {
    for (;;) ::pause();
  });
  CHECK_FALSE(late->answered);
  CHECK(late->text == "it was not done within 50 ms");
}

TEST_CASE("check: samples of every type verify, and one seed gives one sequence") {
  const auto& types = test::builtin_types();
  Samples first(types, 7);
  Samples second(types, 7);
  Samples other(types, 8);
  bool differ = false;
  for (const auto* type : types.types()) {
    for (const auto filling : {Filling::required, Filling::some, Filling::some}) {
      const auto event = first.event(*type, false, filling);
      INFO(type->name);
      CHECK(types.verify(*type, event.event.payload).has_value());
      const auto same = second.event(*type, false, filling);
      CHECK(std::ranges::equal(event.event.payload, same.event.payload));
      CHECK(event.event.id == same.event.id);
      differ = differ || !std::ranges::equal(event.event.payload, other.event(*type, false, filling).event.payload);
    }
  }
  CHECK(differ);
}

TEST_CASE("check: only what failed or crashed is held against a plugin, and each result can be read by programs") {
  CheckReport report;
  CHECK(report.add("file", "folder", [] { return CheckSays{}; }));
  CHECK(report.add("behaviour", "pace", [] { return CheckSays{CheckResult::warning, "slow"}; }));
  report.skip("selftest", "own", "none");
  CHECK(report.good());
  CHECK_FALSE(report.add("behaviour", "random", [] { return CheckSays{CheckResult::crashed, "a <b> & \"c\""}; }));
  CHECK_FALSE(report.good());
  CHECK_FALSE(report.add("behaviour", "limits", [] { return CheckSays{CheckResult::failed, "two\nlines"}; }));
  const std::string text = report.text("rule 1.0.0");
  CHECK_THAT(text, ContainsSubstring("crashed  behaviour.random\n    a <b> & \"c\"\n"));
  CHECK_THAT(text, ContainsSubstring("rule 1.0.0: 1 passed, 1 failed, 1 crashed, 1 skipped, 1 warning"));
  CHECK_THAT(report.json("rule"), ContainsSubstring("\"plugin\":\"rule\",\"good\":false,\"passed\":1,\"failed\":1"));
  const std::string junit = report.junit("rule");
  CHECK_THAT(junit, ContainsSubstring("tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"1\""));
  CHECK_THAT(junit, ContainsSubstring("<error message=\"a &lt;b&gt; &amp; &quot;c&quot;\"/>"));
  CHECK_THAT(junit, ContainsSubstring("<failure message=\"two&#10;lines\"/>"));
}

TEST_CASE("check: a host function that refuses is noticed, one that does not find is not") {
  // In a child: a watched plugin cannot be taken out of its process.
  const auto refused = [](const char* object) {
    const auto end = in_child(seconds(10), [&]() -> std::string {
      const auto& types = test::builtin_types();
      host::InstanceOptions options;
      options.emits = {std::string(test::closed_type)};
      std::string id = object;
      std::ranges::replace(id, '_', '-');
      auto host = WatchedHost::create(test::test_object(object), id, "1.0.0", std::move(options), types);
      if (!host) return host.error().text();
      Samples samples(types, 1);
      const auto event = samples.event(*types.find(test::closed_type), false, Filling::required);
      if (const auto outcome = (*host)->handle(event, Samples::now()); !outcome) return outcome.error().text();
      return (*host)->take_refusals();
    });
    return end->text;
  };
  CHECK(refused("emit_storm") == "iro.host.emit/1 emit: IRO_LIMIT, 9936 times");
  CHECK(refused("undeclared_emit") == "iro.host.emit/1 emit: IRO_DENIED, 1 time");
  CHECK_THAT(refused("oversize_effects"), ContainsSubstring("iro.host.state/1 put: IRO_INVALID, 1 time"));
  CHECK(refused("address_as_value").empty());
}

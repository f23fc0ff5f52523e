// A rule through the C border. The rules here are made for the test: each does what its event's note says.
#include <iro/events/consent.hpp>
#include <iro/events/demand.hpp>
#include <iro/events/handover.hpp>
#include <iro/plugin.hpp>
#include <iro/testing.hpp>

#include "tests/catch.hpp"

namespace {
using namespace iro::events;
using iro::testing::Bench;

struct Seen {
  std::uint32_t times = 0;
  iro::Time last{};
  void fields(auto& f) { f(times, last); }
};

struct Rule {
  iro::State<Seen> seen{"seen"};
  iro::State<std::uint32_t> other{"see"};  // its name is the beginning of the other's
  iro::PersonState<std::string> people{"people"};
  iro::Alarm soon{"soon"};
  iro::Alarm later{"later"};

  iro::Verdict registered(const DemandRegistered& demand, const iro::Event& event, iro::Effects& effects) const {
    const std::string_view note = iro::str(demand.note());
    auto now = seen.get_or(effects, event.subject(), {});
    ++now.times;
    now.last = event.now();
    seen.put(effects, event.subject(), now);
    if (note == "reject") return iro::reject("no", {.nl = "nee", .en = "no"});
    if (note == "hold") return iro::hold("wait", {.nl = "wacht", .en = "wait"});
    if (note == "throw") throw std::runtime_error("thrown on purpose");
    if (note == "throw an int") throw 1;
    if (note == "one language") return iro::reject("no", {.nl = "", .en = "no"});
    if (note == "long reason") return iro::reject("no", {.nl = std::string(1025, 'x'), .en = "no"});
    return iro::accept();
  }
  void changed(const DemandChanged& demand, iro::Effects& effects) const {
    const std::string_view note = iro::str(demand.note());
    if (note == "emit") {
      DemandChangedT said;
      said.demand_id = "d-2";
      said.note = "said";
      effects.emit(said);
    } else if (note == "emit much") {
      for (int i = 0; i < 65; ++i) effects.emit(DemandChangedT{});
    } else if (note == "explain") {
      effects.explain({.nl = "daarom", .en = "because"});
    } else if (note == "alarms") {
      later.set(effects, "a", effects.now() + std::chrono::hours(2));
      soon.set(effects, "a", effects.now() + std::chrono::hours(3));
      soon.set(effects, "a", effects.now() + std::chrono::hours(1));  // moves it
      soon.set(effects, "b", effects.now() + std::chrono::hours(1));
      soon.cancel(effects, "b");
    } else if (note == "walk") {
      for (std::uint32_t i : {2U, 10U, 1U}) other.put(effects, iro::key("w", i), i);
      other.put(effects, "wx", 99);
      std::string order;
      other.each(effects, "w", [&](std::string_view key, std::uint32_t value) {
        order += iro::words(key, "=", value, " ");
        return value < 2;
      });
      effects.explain({.nl = order, .en = order});
    } else if (note == "walk and throw") {
      other.put(effects, "x", 1);
      other.each(effects, [](std::string_view, std::uint32_t) { throw iro::Failed("from a visitor"); });
    } else if (note == "big value") {
      iro::State<std::string> big{"big"};
      big.put(effects, "x", std::string(65536, 'x'));
    } else if (note == "big key") {
      other.put(effects, std::string(260, 'k'), 1);
    } else if (note == "alarm in 1970") {
      soon.set(effects, "a", iro::Time());
    } else if (note == "short pseudonym") {
      people.put(effects, "x", "y", "p-1");
    } else if (note == "person of nobody") {
      people.put(effects, "x", "y");
    }
  }
  void consented(const ConsentGiven&, const iro::Event& event, iro::Effects& effects) const {
    if (event.sender() == "leaky") {
      people.put(effects, iro::key("of", event.person()), "in the key");
    } else {
      people.put(effects, event.subject(), std::string(event.sender()));
      soon.set(effects, event.subject(), event.now() + std::chrono::hours(1));
    }
  }
  void invited(const HandoverInvited&, const iro::Event& event, iro::Effects& effects) const {
    if (event.sender() == "releases") effects.release(event.causation());
    if (event.sender() == "refuses") effects.refuse(event.causation(), "late", {.nl = "te laat", .en = "too late"});
  }
  void on_soon(const iro::Timer& timer, iro::Effects& effects) const {
    effects.explain({.nl = iro::words("soon ", timer.key()), .en = iro::words("soon ", timer.key())});
  }
  void on_later(const iro::Timer& timer) const { CHECK(timer.now() >= timer.due()); }
  void erased(const iro::Erased& event, iro::Effects& effects) const {
    other.put(effects, iro::key("erased", event.type()), 1);
  }
  std::string list(const iro::View& view) const {
    std::string out = view.argument<std::string>("title", "all") + ":";
    seen.each(view, [&](std::string_view key, const Seen& value) { out += iro::words(" ", key, "=", value.times); });
    return iro::json::quoted(out);
  }
  static void self(const iro::SelfTest& report) { report("one and one", 1 + 1 == 2); }
};

constexpr auto plugin = iro::plugin<Rule>()
                            .on<&Rule::registered>()
                            .on<&Rule::changed>()
                            .on<&Rule::consented>()
                            .on<&Rule::invited>()
                            .on<&Rule::erased>()
                            .alarm<&Rule::soon, &Rule::on_soon>()
                            .alarm<&Rule::later, &Rule::on_later>()
                            .view<"list", &Rule::list>()
                            .selftest<&Rule::self>();
constinit const iro_entry entry = plugin.entry("test-rule", "1.0.0");

DemandRegisteredT demand(const char* note) {
  DemandRegisteredT out;
  out.demand_id = "d-1";
  out.school = "school-a";
  out.note = note;
  return out;
}
DemandChangedT change(const char* note) {
  DemandChangedT out;
  out.demand_id = "d-1";
  out.note = note;
  return out;
}
ConsentGivenT consent() {
  ConsentGivenT out;
  out.handover_id = "ho-1";
  out.student = "pseudo-0001";
  return out;
}

/// Forgets on purpose that a rule has no memory.
struct Forgetful {
  mutable std::uint32_t count = 0;
  iro::State<std::uint32_t> state{"n"};
  void changed(const DemandChanged&, iro::Effects& effects) const { state.put(effects, "n", ++count); }
};
constinit const iro_entry forgetful = iro::plugin<Forgetful>().on<&Forgetful::changed>().entry("forgetful", "1.0.0");

}  // namespace

TEST_CASE("rule: state is what earlier calls wrote, also after a restart") {
  Bench bench(entry);
  CHECK(bench.say(demand("")).accepted());
  bench.restart();
  bench.advance(std::chrono::hours(1));
  CHECK(bench.say(demand("")).accepted());
  CHECK(bench.value(Rule{}.seen, "d-1")->times == 2);
  CHECK(bench.value(Rule{}.seen, "d-1")->last == bench.now());
}

TEST_CASE("rule: a rejected event leaves nothing but its reason, a held one keeps its effects") {
  Bench bench(entry);
  const auto rejected = bench.say(demand("reject"));
  CHECK(rejected.rejected("no"));
  CHECK(rejected.why == iro::Text{"nee", "no"});
  CHECK(rejected.state.empty());
  CHECK(bench.state().empty());
  CHECK(bench.say(demand("hold")).holds("wait"));
  CHECK(bench.state().size() == 1);
  CHECK(bench.held().size() == 1);
}

TEST_CASE("rule: a held event is released or refused later") {
  Bench bench(entry);
  bench.say(demand("hold"));
  const iro::Id held = *bench.held().begin();
  const auto refused = bench.say(HandoverInvitedT{}, {.sender = "refuses", .causation = held});
  REQUIRE(refused.held.size() == 1);
  CHECK(refused.held[0].code == "late");
  CHECK(refused.held[0].event == held);
  CHECK(bench.held().empty());
  const auto released = bench.say(HandoverInvitedT{}, {.sender = "releases", .causation = held});
  CHECK(released.held[0].release);
}

TEST_CASE("rule: no exception leaves a plugin; its text is told, its effects are dropped") {
  Bench bench(entry);
  const auto outcome = bench.say(demand("throw"));
  CHECK(outcome.status == IRO_FAILED);
  CHECK(outcome.fault == "thrown on purpose");
  CHECK(bench.say(demand("throw an int")).status == IRO_FAILED);
  CHECK(bench.say(change("walk and throw")).fault == "from a visitor");
  CHECK(bench.state().empty());
}

TEST_CASE("rule: what a host refuses has a text that says what to do") {
  Bench bench(entry);
  CHECK(bench.say(demand("one language")).fault == "a reason is given in Dutch and in English");
  CHECK(bench.say(demand("long reason")).status == IRO_LIMIT);
  CHECK(bench.say(change("emit much")).status == IRO_LIMIT);
  CHECK(bench.say(change("big value")).status == IRO_LIMIT);
  CHECK(bench.say(change("big key")).fault == "put: more than a limit of plugin.h allows");
  CHECK(bench.say(change("short pseudonym")).status == IRO_INVALID);
  CHECK(bench.say(change("person of nobody")).fault ==
        "a PersonState is about a person, and this event is about nobody");
}

TEST_CASE("rule: what it emits is a payload of the type") {
  Bench bench(entry);
  const auto said = bench.say(change("emit")).emitted<DemandChangedT>();
  REQUIRE(said.size() == 1);
  CHECK(said[0].demand_id == "d-2");
  CHECK(said[0].note == "said");
}

TEST_CASE("rule: an alarm for a moment long ago rings at once") {
  Bench bench(entry);
  CHECK(bench.say(change("alarm in 1970")).ok());
  CHECK(bench.timers().size() == 1);
  CHECK(bench.advance(std::chrono::milliseconds(1)).size() == 1);
}

TEST_CASE("rule: alarms ring once, in the order of their times, by name and key") {
  Bench bench(entry);
  bench.say(change("alarms"));
  CHECK(bench.timers().size() == 2);
  CHECK(bench.advance(std::chrono::minutes(59)).empty());
  const auto rung = bench.advance(std::chrono::hours(5));
  REQUIRE(rung.size() == 2);
  CHECK(rung[0].notes[0].en == "soon a");
  CHECK(rung[1].notes.empty());
  CHECK(bench.advance(std::chrono::hours(50)).empty());
}

TEST_CASE("rule: keys are walked in the order of their parts, within their name, until the visitor stops") {
  Bench bench(entry);
  CHECK(bench.say(change("walk")).notes[0].en == "w/0000000001=1 w/0000000002=2 ");
}

TEST_CASE("rule: keys of different parts never meet") {
  CHECK(iro::key("a", "b").text() != iro::Key("a/b").text());
  CHECK(iro::Key("a/b").text() == "a%2Fb");
  CHECK(iro::Key("a%2Fb").text() == "a%252Fb");
  CHECK_THROWS_AS(iro::Key(""), iro::Failed);
  CHECK(iro::Key(iro::Id{}).text() == "00000000-0000-0000-0000-000000000000");
}

TEST_CASE("rule: what is known of a person goes with the person, and a key never carries the pseudonym") {
  Bench bench(entry);
  CHECK(bench.say(consent()).ok());
  CHECK(bench.state().at("people/ho-1").person == "pseudo-0001");
  CHECK(bench.timers().at("soon/ho-1").person == "pseudo-0001");
  CHECK(bench.say(consent(), {.sender = "leaky"}).fault ==
        "a key carries a pseudonym: it would outlive the person's erasure");
  bench.erase("pseudo-0001");
  CHECK(bench.state().empty());
  CHECK(bench.timers().empty());
}

TEST_CASE("rule: an erased event is shown as such, and types without a handler are an error") {
  Bench bench(entry);
  CHECK(bench.say_erased("nl.placements.consent.given.v1").ok());
  CHECK(bench.state().contains("see/erased/nl.placements.consent.given.v1"));
  CHECK_THROWS_WITH(bench.say(HandoverDeclinedT{}),
                    "plugin.toml lists nl.placements.handover.declined.v1 neither under judges nor reacts");
}

TEST_CASE("rule: a view reads and cannot write; the self-test reports") {
  Bench bench(entry);
  bench.say(demand(""));
  CHECK(bench.show("list") == "\"all: d-1=1\"");
  CHECK(bench.show("list", R"({"title": "mine"})") == "\"mine: d-1=1\"");
  CHECK_THROWS_AS(bench.show("other"), iro::Failed);
  CHECK(bench.selftest() == std::vector<std::pair<std::string, bool>>{{"one and one", true}});
}

TEST_CASE("rule: one that remembers outside its state is found out") {
  Bench bench(forgetful);
  CHECK_NOTHROW(bench.say(change("")));
  CHECK_THROWS_AS(bench.say(change("")), std::logic_error);
}

TEST_CASE("rule: an older host without a service is no reason to crash") {
  static const auto none = [](const char*) -> const void* { return nullptr; };
  const iro_host host{sizeof(iro_host), IRO_ABI_MAJOR, IRO_ABI_MINOR, none};
  const auto* rule = static_cast<const iro_rule*>(entry.query(IRO_RULE_1));
  void* self = nullptr;
  REQUIRE(rule->create(&host, {"{}", 2}, &self) == IRO_OK);
  iro_event event{};
  event.size = sizeof event;
  event.kind = 77;  // a kind of the future
  CHECK(rule->on_event(self, &event, nullptr) == IRO_INVALID);
  event.kind = IRO_TIMER;
  event.key = {"nobody", 6};
  CHECK(rule->on_event(self, &event, nullptr) == IRO_INVALID);
  rule->destroy(self);
  CHECK(rule->create(&host, {"{\"more\":1}", 10}, &self) == IRO_INVALID);
  CHECK(entry.query("iro.of.the.future/1") == nullptr);
}

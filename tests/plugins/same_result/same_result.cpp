// The same input, with plugins that answer in any order and at any speed, in
// the event's own commit or trailing behind it, crashing now and then, gives the
// same causal result: the same events reach people, with the same derived ids,
// and every plugin ends with the same state.
//
// Three rules: a judge that refuses some places and holds others until a timer
// of its own fires; a rule that answers each place with an event; one that counts
// both. Compared is what does not depend on time: refusals may come at once or
// later, positions may differ.
#include <fmt/format.h>

#include <iostream>
#include <random>
#include <set>

#include "hub/base/assert.hpp"
#include "plugins/scenario/harness.hpp"

namespace iro::test {
using namespace scenario;
namespace {

constexpr int places = 24;
const std::string opened = "nl.placements.vacancy.opened.v1";
const std::string unfilled = "nl.placements.vacancy.unfilled.v1";

/// What of a run must be the same in every schedule.
struct Result {
  std::set<std::string> seen;                // id, type and payload of what reached anybody
  std::map<std::string, std::string> state;  // plugin/key -> value
  bool operator==(const Result&) const = default;
};

int number_of(std::string_view subject) { return std::stoi(std::string(subject.substr(subject.find('-') + 1))); }

class Run {
 public:
  Run(std::uint64_t seed, bool disturbed, int reject_each) : random_(seed), disturbed_(disturbed), each_(reject_each) {
    HarnessOptions options;
    options.plugins = {spec("judge", {}, {opened}, {}), spec("answer", {opened}, {}, {unfilled}),
                       spec("count", {opened, unfilled}, {}, {})};
    options.also = [this](const log::Commit& c) { collect(c); };
    hub_ = std::make_unique<Harness>(options);
    hub_->plugins["judge"] = [this](const auto& e) { return judge(e); };
    hub_->plugins["answer"] = [this](const auto& e) { return answer(e); };
    hub_->plugins["count"] = [this](const auto& e) { return count(e); };
    if (disturbed_) {
      // An event on which a rule falls over in company, and works alone.
      hub_->crashes_on = [this](const reaction::CallEvent&) { return chance(40); };
    }
    hub_->enrol("school-a", {"school"});
    hub_->enrol("hospital-a", {"care_provider"});
  }

  Result go() {
    for (int n = 1; n <= places; ++n) {
      disturb();
      Client& hospital = client();
      schema::Event e =
          hub_->make(hospital, "vacancy.opened",
                     fmt::format(R"({{"vacancy_id": "vac-{}", "provider": "hospital-a", "offer": {{}}}})", n));
      e.id = derive_event_id("test", EventId{}, static_cast<std::uint32_t>(n));
      hub_->publish(hospital, {e});
      if (disturbed_ && chance(3)) hub_->advance_ms(std::uniform_int_distribution<int>(1, 4'000)(random_));
    }
    calm();
    for (const char* plugin : {"judge", "answer", "count"}) {
      for (const auto& [key, value] : hub_->read_state(plugin, "", true))
        result_.state[fmt::format("{}/{}", plugin, key)] = value;
    }
    return result_;
  }

  /// Nothing may stay parked: nothing here fails alone.
  [[nodiscard]] std::size_t parked() const { return hub_->log->load().value().plugin_parked.size(); }

 private:
  static reaction::PluginSpec spec(const std::string& id, std::vector<std::string> reacts,
                                   std::vector<std::string> judges, std::vector<std::string> emits) {
    reaction::PluginSpec s;
    s.id = id;
    s.reacts = std::move(reacts);
    s.judges = std::move(judges);
    s.emits = std::move(emits);
    return s;
  }
  bool chance(int one_in) { return std::uniform_int_distribution<int>(1, one_in)(random_) == 1; }

  /// A new session each time: the clock may have leapt over a lease.
  Client& client() { return hub_->connect("hospital-a", fmt::format("c{}", ++connections_)); }

  /// Somebody becomes slow or quick, and some of the slow ones answer.
  void disturb() {
    if (!disturbed_) return;
    for (const char* plugin : {"judge", "answer", "count"}) {
      if (chance(4)) hub_->moods[plugin] = chance(2) ? Mood::late : Mood::prompt;
    }
    while (!hub_->late_calls.empty() && chance(2)) {
      hub_->answer_late(std::uniform_int_distribution<std::size_t>(0, hub_->late_calls.size() - 1)(random_));
    }
  }

  /// Everybody answers at once from here on, until all timers have fired and nobody is behind.
  void calm() {
    hub_->crashes_on = nullptr;
    hub_->moods.clear();
    while (!hub_->late_calls.empty()) hub_->answer_late();
    hub_->advance_ms(40 * 60'000);
  }

  reaction::Outcome judge(const reaction::CallEvent& e) {
    reaction::Outcome out;
    if (e.kind == reaction::EventKind::timer) {
      const EventId held = derive_event_id("test", EventId{}, static_cast<std::uint32_t>(number_of(as_text(e.key))));
      out.held.push_back({held, true, {}});
      return out;
    }
    const int n = number_of(e.event.subject);
    if (n % each_ == 0) {
      out.ruling = reaction::Ruling::reject;
      out.verdict = {"seventh", "nee", "no"};
    } else if (n % 5 == 0) {
      out.ruling = reaction::Ruling::hold;
      out.verdict = {"fifth", "straks", "later"};
      out.timers.push_back({to_bytes(fmt::format("t-{}", n)), TimeMs(e.event.recordedtime.value() + 600'000), {}});
    }
    out.state.push_back({to_bytes(fmt::format("saw {}", n)), to_bytes("yes"), {}});
    return out;
  }
  reaction::Outcome answer(const reaction::CallEvent& e) {
    reaction::Outcome out;
    const auto* type = registry().find(unfilled);
    const std::string json =
        fmt::format(R"({{"vacancy_id": "{}", "provider": "hospital-a"}})", std::string(e.event.subject));
    out.emits.push_back({unfilled, registry().from_json(*type, json).value()});
    out.notes.push_back({"answered", "beantwoord", "answered"});
    return out;
  }
  /// In one call it may see several events of which none is in the log yet: each has a key of its own.
  static reaction::Outcome count(const reaction::CallEvent& e) {
    reaction::Outcome out;
    const std::string key = fmt::format("{} {}", e.event.subject, e.event.type == opened ? "opened" : "unfilled");
    out.state.push_back({to_bytes(key), to_bytes(to_string(e.event.id)), {}});
    return out;
  }

  /// What had an audience, whatever its position.
  void collect(const log::Commit& c) {
    if (!c.chunk) return;
    const auto view = log::ChunkView::open(c.chunk).value();
    for (std::uint32_t i = 0; i < view.count(); ++i) {
      const auto e = view.entry(i);
      if (e.full.nobody() && e.masked.nobody()) continue;
      const auto body = view.body(e);
      if (e.subject.substr(0, 4) != "vac-" || !body) continue;
      const std::string key = fmt::format("{} {} {}", to_string(e.id), e.subject, to_hex(sha256(*body)));
      if (!result_.seen.insert(key).second) doubled_ = key;
    }
  }

 public:
  std::string doubled_;

 private:
  std::mt19937_64 random_;
  bool disturbed_;
  int each_;
  Result result_;
  std::unique_ptr<Harness> hub_;
  int connections_ = 0;
};

std::string difference(const Result& a, const Result& b) {
  for (const auto& e : a.seen) {
    if (!b.seen.contains(e)) return "missing: " + e;
  }
  for (const auto& e : b.seen) {
    if (!a.seen.contains(e)) return "too much: " + e;
  }
  for (const auto& [key, value] : a.state) {
    const auto at = b.state.find(key);
    if (at == b.state.end() || at->second != value)
      return fmt::format("state {} is {}, not {}", key, at == b.state.end() ? "nothing" : at->second, value);
  }
  return "state that should not be there";
}

}  // namespace
}  // namespace iro::test

int main(int argc, char** argv) {
  std::uint64_t schedules = 1'000;
  int other = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--schedules") schedules = std::stoull(argv[i + 1]);
    if (name == "--other-rule") other = std::stoi(argv[i + 1]);
  }
  const char* from = std::getenv("IRO_SEED");
  const std::uint64_t base = from != nullptr ? std::stoull(from) : std::random_device{}();
  std::cout << "seed " << base << "\n" << std::flush;
  const auto expected = iro::test::Run(base, false, 7).go();
  if (expected.seen.size() < 30 || expected.state.size() < 30) {
    std::cout << "the undisturbed run has too little to compare\n";
    return 1;
  }
  for (std::uint64_t i = 0; i < schedules; ++i) {
    iro::test::Run run(base + i, true, other != 0 && i + 1 == schedules ? 6 : 7);
    const auto got = run.go();
    std::string wrong = got == expected ? "" : iro::test::difference(expected, got);
    if (wrong.empty() && !run.doubled_.empty()) wrong = "delivered twice: " + run.doubled_;
    if (wrong.empty()) continue;
    std::cout << "schedule " << i << " of seed " << base << ": " << wrong << " (" << run.parked() << " parked)\n";
    return 1;
  }
  std::cout << schedules << " schedules, " << expected.seen.size() << " events and " << expected.state.size()
            << " values each: all the same\n";
  return 0;
}

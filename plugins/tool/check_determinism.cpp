// Group determinism: asked the same again, it answers the same, wherever its process begins and its batches end.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "plugins/scenario/outcome_text.hpp"
#include "plugins/tool/asked_plugin.hpp"
#include "plugins/tool/checks.hpp"
#include "plugins/tool/samples.hpp"

namespace iro::tool {
namespace {

using reaction::CallEvent;

constexpr std::array<std::string_view, 3> names = {"again", "restart", "batches"};
constexpr std::uint64_t seed = 2;
constexpr std::size_t events_in_all = 192;
constexpr std::size_t most_timers = 64;

struct Way {
  std::size_t batch = 1;
  std::size_t restart_before = 0;  // this event; 0: never
};

struct Trace {
  std::vector<std::string> answers;  // one an event
  std::string failure;
};

/// The same events in every run: which ones depends on the seed and the manifest alone.
std::vector<CallEvent> sequence(const PluginFolder& folder, Samples& samples) {
  const auto heard = folder.heard();
  std::vector<CallEvent> out;
  out.reserve(events_in_all);
  while (out.size() < events_in_all) {
    const auto& type = *heard[samples.pick(heard.size())];
    out.push_back(samples.event(type, folder.judges(type), Filling::some));
  }
  return out;
}

void ask(AskedPlugin& plugin, const PluginFolder& folder, const std::vector<CallEvent>& events, TimeMs now, Trace& to) {
  const auto result = plugin.call(events, now);
  for (const auto& outcome : result.outcomes) to.answers.push_back(scenario::outcome_text(outcome, *folder.types));
  if (result.failure != reaction::Failure::none)
    to.failure = fmt::format("{}: {}", reaction::name_of(result.failure), result.why);
}

/// All events, then the timers that they left, in the order in which they are due.
Trace run(const CheckTarget& target, Way way) {
  Samples samples(*target.folder.types, seed);
  const auto events = sequence(target.folder, samples);
  AskedPlugin plugin(target.folder.real(target.host));
  Trace out;
  for (std::size_t at = 0; at < events.size() && out.failure.empty(); at += way.batch) {
    if (way.restart_before != 0 && at == way.restart_before) plugin.restart();
    const auto from = events.begin() + static_cast<std::ptrdiff_t>(at);
    const auto count = static_cast<std::ptrdiff_t>(std::min(way.batch, events.size() - at));
    ask(plugin, target.folder, {from, from + count}, Samples::now(), out);
  }
  std::multimap<TimeMs, Bytes> due;
  for (const auto& [key, at] : plugin.take_timers()) due.emplace(at, key);
  std::size_t fired = 0;
  for (const auto& [at, key] : due) {
    if (++fired > most_timers || !out.failure.empty()) break;
    ask(plugin, target.folder, {samples.timer(key, at)}, std::max(at, Samples::now()), out);
  }
  return out;
}

CheckSays compare(const CheckTarget& target, const Trace& first, const Trace& other, std::string_view difference) {
  if (!other.failure.empty()) return {CheckResult::crashed, other.failure};
  const auto [a, b] = std::ranges::mismatch(first.answers, other.answers);
  if (a == first.answers.end() && b == other.answers.end()) return {};
  const auto index = static_cast<std::size_t>(a - first.answers.begin());
  Samples samples(*target.folder.types, seed);
  const auto events = sequence(target.folder, samples);
  const auto said = [](const auto& at, const auto& end) { return at == end || at->empty() ? "(nothing)\n" : *at; };
  return {
      CheckResult::failed,
      fmt::format("{}: its answer to event {} differs ({})\nonce: {}then: {}keep nothing but state, and let no "
                  "address, hash order, clock or chance into what it says",
                  difference, index + 1, index < events.size() ? shown(events[index], *target.folder.types) : "a timer",
                  said(a, first.answers.end()), said(b, other.answers.end()))};
}

}  // namespace

void check_determinism(const CheckTarget& target, CheckReport& report) {
  const Trace first = run(target, {});
  if (!first.failure.empty()) {
    report.add("determinism", names[0], [&] { return CheckSays{CheckResult::crashed, first.failure}; });
    report.skip("determinism", names[1], "what stands before it does not hold");
    report.skip("determinism", names[2], "what stands before it does not hold");
    return;
  }
  report.add("determinism", names[0],
             [&] { return compare(target, first, run(target, {}), "the same events in another process"); });
  report.add("determinism", names[1], [&] {
    return compare(target, first, run(target, {1, events_in_all / 2}), "after a restart, with its state kept");
  });
  report.add("determinism", names[2], [&] {
    return compare(target, first, run(target, {64, 0}), "64 events in a call instead of one");
  });
}

void skip_determinism(CheckReport& report, std::string_view why) {
  for (const std::string_view name : names) report.skip("determinism", name, why);
}

}  // namespace iro::tool

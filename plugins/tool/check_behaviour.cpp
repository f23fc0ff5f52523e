// Group behaviour: it handles what plugin.toml says that it hears, in time and within the limits.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "hub/base/limits.hpp"
#include "plugins/tool/asked_plugin.hpp"
#include "plugins/tool/checks.hpp"
#include "plugins/tool/child.hpp"
#include "plugins/tool/samples.hpp"
#include "plugins/tool/watched_host.hpp"

namespace iro::tool {
namespace {

using reaction::CallEvent;
using reaction::Failure;
using std::chrono::seconds;

constexpr std::array<std::string_view, 8> names = {"required", "random", "erased", "timers",
                                                   "views",    "limits", "quiet",  "pace"};
constexpr std::uint64_t seed = 1;
constexpr std::size_t a_batch = 16;
constexpr std::size_t random_events = 64;  // of each type
constexpr std::size_t most_timers = 64;
constexpr std::size_t most_lines = 10;  // printed without a remark
constexpr seconds watch_limit{20};

std::string_view advice_for(Failure failure) {
  switch (failure) {
    case Failure::crashed:
      return "the process ended; run it in its unit tests under sanitizers (cmake --workflow --preset asan)";
    case Failure::deadline:
      return "make it quicker, or raise event_ms under [budget]";
    case Failure::garbage:
      return "only the host speaks on its channel, and only declared types are emitted";
    case Failure::failed:
      return "an event that is not handled is parked with its subject: answer IRO_OK, and let a verdict say no";
    default:
      return "look at the line above";
  }
}

CheckSays of(const reaction::Result& result, const std::vector<CallEvent>& events, const schema::Registry& types) {
  if (result.failure == Failure::none) return {};
  const std::size_t at = std::min(result.outcomes.size(), events.size() - 1);
  const bool hard = result.failure == Failure::crashed || result.failure == Failure::deadline;
  return {hard ? CheckResult::crashed : CheckResult::failed,
          fmt::format("{}: {}\nat or behind the event {}\n{}", reaction::name_of(result.failure), result.why,
                      shown(events[at], types), advice_for(result.failure))};
}

/// What the sandbox denies, with the names of the calls: a process that is killed for the first cannot say.
std::string denied(const CheckTarget& target, const std::vector<CallEvent>& events, TimeMs now) {
  scenario::RealPlugin real = target.folder.real(target.host);
  real.log_denied = true;
  AskedPlugin plugin(std::move(real));
  plugin.call(events, now);
  std::string out;
  for (const std::string& line : plugin.process().take_log()) {
    if (line.find("denied: ") != std::string::npos) out += "\n" + line;
  }
  return out;
}

/// Whole batches of events through one process.
class Behaviour {
 public:
  explicit Behaviour(const CheckTarget& target)
      : target_(target),
        folder_(target.folder),
        samples_(*target.folder.types, seed),
        plugin_(target.folder.real(target.host)) {}

  CheckSays required() {
    const auto heard = folder_.heard();
    std::vector<CallEvent> events;
    events.reserve(heard.size());
    for (const auto* type : heard) events.push_back(samples_.event(*type, folder_.judges(*type), Filling::required));
    return say(events);
  }

  CheckSays random() {
    for (const auto* type : folder_.heard()) {
      for (std::size_t made = 0; made < random_events; made += a_batch) {
        std::vector<CallEvent> events;
        events.reserve(a_batch);
        for (std::size_t i = 0; i < a_batch; ++i)
          events.push_back(samples_.event(*type, folder_.judges(*type), Filling::some));
        CheckSays says = say(events);
        if (says.result != CheckResult::passed) return says;
      }
    }
    return {};
  }

  CheckSays erased() {
    const auto heard = folder_.heard();
    std::vector<CallEvent> events;
    events.reserve(heard.size());
    for (const auto* type : heard) events.push_back(samples_.erased(*type));
    return say(events);
  }

  CheckSays timers() {
    if (plugin_.timers().empty())
      return {CheckResult::skipped,
              "it set no timer on these events: a scenario with `advance` shows what it does when one is due"};
    std::vector<CallEvent> events;
    events.reserve(most_timers);
    TimeMs now = Samples::now();
    for (const auto& [key, due] : plugin_.take_timers()) {
      if (events.size() == most_timers) break;
      now = std::max(now, due);
      events.push_back(samples_.timer(key, due));
    }
    return say(events, now);
  }

  CheckSays views() {
    if (folder_.manifest.spec.views.empty()) return {CheckResult::skipped, "it has no views"};
    for (const auto& view : folder_.manifest.spec.views) {
      const auto json = plugin_.show(view.name, Samples::now());
      if (json) continue;
      const bool crash = json.error().code == Errc::internal;
      return {crash ? CheckResult::crashed : CheckResult::failed,
              fmt::format("the view {}: {}: it answers JSON once, for any state that its own events lead to", view.name,
                          json.error().message)};
    }
    return {};
  }

  /// Of the quickest batch: the machine may be busy with other things.
  [[nodiscard]] CheckSays pace() const {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(best_).count();
    if (us <= limits::inline_wait_ms * 1'000) return {};
    return {CheckResult::warning,
            fmt::format("an event takes {} us at best; the hub waits {} ms for a whole batch, and goes on without the "
                        "plugin: it will answer behind the others",
                        us, limits::inline_wait_ms)};
  }

  CheckSays quiet() {
    const auto lines = plugin_.process().take_log();
    if (lines.size() <= most_lines) return {};
    return {CheckResult::warning,
            fmt::format("it printed {} lines, the first: {}\nlines are for the operator, and {} a minute are kept",
                        lines.size(), lines.front(), limits::plugin_log_lines)};
  }

 private:
  CheckSays say(const std::vector<CallEvent>& events, TimeMs now = Samples::now()) {
    const auto begun = std::chrono::steady_clock::now();
    const auto result = plugin_.call(events, now);
    const auto each = (std::chrono::steady_clock::now() - begun) / static_cast<std::int64_t>(events.size());
    best_ = std::min<std::chrono::steady_clock::duration>(best_, each);
    CheckSays says = of(result, events, *folder_.types);
    if (result.failure == Failure::crashed && result.why.find("SIGSYS") != std::string::npos)
      says.what += denied(target_, events, now);
    return says;
  }

  CheckTarget target_;
  const PluginFolder& folder_;
  Samples samples_;
  AskedPlugin plugin_;
  std::chrono::steady_clock::duration best_ = seconds(1);
};

/// The same events at a host that counts what it refuses. "" or what was refused. In the child.
std::string watch(const PluginFolder& folder) {
  host::InstanceOptions options;
  options.config = folder.config;
  options.emits = folder.manifest.spec.emits;
  options.judge = !folder.manifest.spec.judges.empty();
  auto host = WatchedHost::create(folder.manifest.object, folder.manifest.spec.id, folder.manifest.version,
                                  std::move(options), *folder.types);
  if (!host) return host.error().message;
  Samples samples(*folder.types, seed);
  for (const auto* type : folder.heard()) {
    for (std::size_t i = 0; i < random_events; ++i) {
      const CallEvent event = samples.event(*type, folder.judges(*type), i == 0 ? Filling::required : Filling::some);
      const auto outcome = (*host)->handle(event, Samples::now());
      const std::string refused = (*host)->take_refusals();
      if (!outcome) return outcome.error().message;
      if (!refused.empty()) return fmt::format("{}\non the event {}", refused, shown(event, *folder.types));
    }
  }
  return "";
}

CheckSays look_at_limits(const CheckTarget& target) {
  const auto end = in_child(watch_limit, [&] { return watch(target.folder); });
  if (!end) return {CheckResult::failed, end.error().text()};
  if (!end->answered) return {CheckResult::crashed, fmt::format("{}, in a process of the author's", end->text)};
  if (end->text.empty()) return {};
  return {CheckResult::failed,
          fmt::format("the host refused something, and on_event returned IRO_OK as if it had not: {}\nlook at what "
                      "host functions return, stay within the limits of iro/plugin.h, and emit what verifies",
                      end->text)};
}

}  // namespace

bool check_behaviour(const CheckTarget& target, CheckReport& report) {
  Behaviour behaviour(target);
  bool good = true;
  const auto look = [&](std::size_t name, auto&& how) {
    if (good) {
      good = report.add("behaviour", names[name], how);
    } else {
      report.skip("behaviour", names[name], "what stands before it does not hold");
    }
  };
  look(0, [&] { return behaviour.required(); });
  look(1, [&] { return behaviour.random(); });
  look(2, [&] { return behaviour.erased(); });
  look(3, [&] { return behaviour.timers(); });
  look(4, [&] { return behaviour.views(); });
  look(5, [&] { return look_at_limits(target); });
  look(6, [&] { return behaviour.quiet(); });
  look(7, [&] { return behaviour.pace(); });
  return good;
}

void skip_behaviour(CheckReport& report, std::string_view why) {
  for (const std::string_view name : names) report.skip("behaviour", name, why);
}

}  // namespace iro::tool

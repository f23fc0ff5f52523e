#include "hub/whatif/candidate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/base/limits.hpp"
#include "hub/reaction/firing.hpp"

namespace iro::whatif {
namespace {

constexpr std::chrono::milliseconds look_again{60'000};  // whatever the runner says

}  // namespace

Status Candidate::ask(TimeMs now, std::vector<Shown> events) {
  std::size_t next = 0;
  std::size_t told = 0;  // what is asked again is not missed twice
  bool alone = false;
  int failed_starts = 0;
  while (next < events.size()) {
    reaction::Call call{spec_.id, ++calls_, now, alone, {}, {}};
    std::vector<std::size_t> asked;
    const std::size_t most = alone ? 1 : limits::batch_events;
    std::size_t bytes = 0;
    for (; next < events.size() && asked.size() < most && bytes < limits::batch_bytes; ++next) {
      const Shown& shown = events[next];
      if (!shown.event.event.subject.empty() && aside_.contains(shown.event.event.subject)) {
        if (next >= told) missed_(shown, {});
        told = std::max(told, next + 1);
        continue;
      }
      call.events.push_back(shown.event);
      call.events.back().item = static_cast<std::uint32_t>(asked.size());
      call.memory.push_back(shown.memory);
      asked.push_back(next);
      bytes += shown.event.event.payload.size() + 256;
    }
    if (asked.empty()) return {};
    const reaction::Result result = carry_out(std::move(call));
    const std::size_t answered = std::min(result.outcomes.size(), asked.size());
    for (std::size_t i = 0; i < answered; ++i) {
      const Shown& shown = events[asked[i]];
      if (!shown.event.judged || result.outcomes[i].ruling != reaction::Ruling::reject) keep(result.outcomes[i]);
      done_(shown, result.outcomes[i]);
    }
    if (result.failure == reaction::Failure::none && answered == asked.size()) {
      alone = false;
      continue;
    }
    next = asked[std::min(answered, asked.size() - 1)];
    if (result.failure == reaction::Failure::start) {
      if (++failed_starts < limits::plugin_starts) continue;
      return fail(Errc::config_invalid, fmt::format("plugin {} does not start: {}", spec_.id, result.why));
    }
    if (alone) set_aside(events[next++], result);
    alone = !alone;
  }
  return {};
}

void Candidate::set_aside(const Shown& shown, const reaction::Result& result) {
  if (!shown.event.event.subject.empty()) aside_.emplace(shown.event.event.subject);
  missed_(shown, fmt::format("{}: {}", reaction::name_of(result.failure), result.why));
}

reaction::Result Candidate::carry_out(reaction::Call call) {
  const std::uint64_t no = call.no;
  runner_.call(std::move(call));
  for (;;) {
    auto said = runner_.take();
    if (said.empty()) {
      reaction::wait_for(runner_, look_again);
      continue;
    }
    for (auto& one : said) {
      if (const auto* asked = std::get_if<reaction::StateAsk>(&one)) answer(*asked);
      auto* result = std::get_if<reaction::Result>(&one);
      if (result != nullptr && result->no == no) return std::move(*result);
    }
  }
}

void Candidate::answer(const reaction::StateAsk& ask) {
  reaction::StateAnswer answer{ask.plugin, ask.request, {}};
  for (auto at = state_.lower_bound(ask.key); at != state_.end(); ++at) {
    const bool fits =
        ask.prefix ? at->first.size() >= ask.key.size() && std::equal(ask.key.begin(), ask.key.end(), at->first.begin())
                   : at->first == ask.key;
    if (!fits) break;
    answer.rows.emplace_back(at->first, at->second);
  }
  runner_.answer(std::move(answer));
}

void Candidate::keep(const reaction::Outcome& outcome) {
  for (const auto& change : outcome.state) {
    if (change.value) {
      state_[change.key] = *change.value;
    } else {
      state_.erase(change.key);
    }
  }
  for (const auto& change : outcome.timers) {
    remove_timer(change.key);
    if (!change.due) continue;
    timers_[change.key] = *change.due;
    due_.emplace(*change.due, change.key);
    firings_[reaction::firing_id(spec_.id, change.key, *change.due)] = change.key;
  }
}

void Candidate::remove_timer(const Bytes& key) {
  const auto at = timers_.find(key);
  if (at == timers_.end()) return;
  firings_.erase(reaction::firing_id(spec_.id, key, at->second));
  due_.erase({at->second, key});
  timers_.erase(at);
}

std::vector<Candidate::Due> Candidate::due(TimeMs now) const {
  std::vector<Due> out;
  for (const auto& [at, key] : due_) {
    if (at > now) break;
    out.push_back({at, key});
  }
  return out;
}

std::optional<Candidate::Due> Candidate::timer_of(const EventId& firing) const {
  const auto at = firings_.find(firing);
  if (at == firings_.end()) return std::nullopt;
  return Due{timers_.at(at->second), at->second};
}

}  // namespace iro::whatif

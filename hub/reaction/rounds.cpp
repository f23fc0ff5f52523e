#include "hub/reaction/rounds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/base/assert.hpp"

namespace iro::reaction {

iro::Result<Rounds> Rounds::create(std::vector<PluginSpec> plugins) {
  Rounds out;
  for (auto& spec : plugins) {
    if (out.plugins_.contains(spec.id))
      return fail(Errc::config_invalid, fmt::format("two plugins have the id '{}'", spec.id));
    for (const auto& type : spec.judges) {
      const auto [at, fresh] = out.judge_.emplace(type, spec.id);
      if (!fresh)
        return fail(Errc::config_invalid, fmt::format("'{}' and '{}' both judge {}", at->second, spec.id, type));
    }
    for (const auto& type : spec.reacts) out.reacts_.emplace(type, spec.id);
    out.plugins_.emplace(spec.id, std::move(spec));
  }
  return out;
}

std::vector<Call> Rounds::begin(const std::vector<CallEvent>& events) {
  IRO_ASSERT(awaited_ == 0, "one phase at a time");
  events_ = events;
  auto calls = calls_for(true, events_);
  if (calls.empty()) calls = calls_for(false, events_);
  return calls;
}

std::vector<Call> Rounds::next(const std::vector<std::uint32_t>& accepted) {
  IRO_ASSERT(awaited_ == 0 && judging_, "next() follows a judging phase");
  std::erase_if(events_, [&](const CallEvent& e) { return !std::ranges::binary_search(accepted, e.item); });
  return calls_for(false, events_);
}

std::vector<Call> Rounds::calls_for(bool judging, const std::vector<CallEvent>& events) {
  std::map<std::string, Call> calls;
  const auto ask = [&](const std::string& plugin, const CallEvent& e) {
    Call& call = calls[plugin];
    call.plugin = plugin;
    call.judging = judging;
    call.events.push_back(e);
  };
  for (const CallEvent& e : events) {
    const auto judge = judge_.find(e.event.type);
    if (judging) {
      if (judge != judge_.end()) ask(judge->second, e);
      continue;
    }
    const auto [first, last] = reacts_.equal_range(e.event.type);
    for (auto at = first; at != last; ++at) {
      // A judge has reacted in the same call as it judged.
      if (judge == judge_.end() || judge->second != at->second) ask(at->second, e);
    }
  }
  judging_ = judging;
  awaited_ = calls.size();
  collected_.clear();
  std::vector<Call> out;
  for (auto& [plugin, call] : calls) out.push_back(std::move(call));
  return out;
}

std::optional<std::vector<Rounds::Applied>> Rounds::answer(Result result) {
  IRO_ASSERT(awaited_ > 0, "an answer belongs to a call");
  for (auto& outcome : result.outcomes) collected_.push_back({result.plugin, std::move(outcome)});
  if (--awaited_ > 0) return std::nullopt;
  std::ranges::stable_sort(collected_, [](const Applied& a, const Applied& b) {
    return std::tie(a.outcome.item, a.plugin) < std::tie(b.outcome.item, b.plugin);
  });
  return std::exchange(collected_, {});
}

}  // namespace iro::reaction

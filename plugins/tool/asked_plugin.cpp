#include "plugins/tool/asked_plugin.hpp"

#include <algorithm>

namespace iro::tool {

reaction::Result AskedPlugin::call(std::vector<reaction::CallEvent> events, TimeMs now) {
  reaction::Call call;
  call.plugin = process_.manifest().spec.id;
  call.no = ++no_;
  call.now = now;
  call.events = std::move(events);
  reaction::Result result = process_.call(std::move(call), [this](const reaction::StateAsk& ask) { return read(ask); });
  for (const auto& outcome : result.outcomes) apply(outcome);
  return result;
}

iro::Result<std::string> AskedPlugin::show(const std::string& view, TimeMs now) {
  reaction::ViewAsk ask;
  ask.plugin = process_.manifest().spec.id;
  ask.no = ++no_;
  ask.view = view;
  ask.args = "{}";
  ask.now = now;
  ask.asker = "operator";
  return process_.show(std::move(ask), [this](const reaction::StateAsk& state) { return read(state); }).json;
}

scenario::PluginProcess::Rows AskedPlugin::read(const reaction::StateAsk& ask) const {
  scenario::PluginProcess::Rows out;
  for (auto at = state_.lower_bound(ask.key); at != state_.end(); ++at) {
    const bool begins =
        at->first.size() >= ask.key.size() && std::equal(ask.key.begin(), ask.key.end(), at->first.begin());
    if (ask.prefix ? !begins : at->first != ask.key) break;
    out.emplace_back(at->first, at->second);
  }
  return out;
}

void AskedPlugin::apply(const reaction::Outcome& outcome) {
  for (const auto& change : outcome.state) {
    if (change.value) {
      state_.insert_or_assign(change.key, *change.value);
    } else {
      state_.erase(change.key);
    }
  }
  for (const auto& timer : outcome.timers) {
    if (timer.due) {
      timers_.insert_or_assign(timer.key, *timer.due);
    } else {
      timers_.erase(timer.key);
    }
  }
}

}  // namespace iro::tool

// plugins/tool/asked_plugin.hpp: a plugin in its process, with state and timers kept beside it as a hub does.
//
// Calls go out as they are given; what an outcome writes is there for the next
// call. Nothing is committed and nobody hears what it emits. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugins/scenario/plugin_process.hpp"

namespace iro::tool {

class AskedPlugin {
 public:
  using Timers = std::map<Bytes, TimeMs, BytesLess>;

  explicit AskedPlugin(scenario::RealPlugin real) : process_(std::move(real)) {}

  /// Waits for the result. `now` is what the plugin is told.
  reaction::Result call(std::vector<reaction::CallEvent> events, TimeMs now);
  iro::Result<std::string> show(const std::string& view, TimeMs now);
  /// Another process, the same state.
  void restart() { process_.restart(); }

  /// What is set and has not been cancelled, by key.
  [[nodiscard]] const Timers& timers() const { return timers_; }
  Timers take_timers() { return std::exchange(timers_, {}); }
  scenario::PluginProcess& process() { return process_; }

 private:
  [[nodiscard]] scenario::PluginProcess::Rows read(const reaction::StateAsk& ask) const;
  void apply(const reaction::Outcome& outcome);

  scenario::PluginProcess process_;
  std::map<Bytes, Bytes, BytesLess> state_;
  Timers timers_;
  std::uint64_t no_ = 0;
};

}  // namespace iro::tool

// plugins/scenario/plugin_process.hpp: one plugin in a real process, asked one thing at a time.
//
// Over hub/reaction/process_runner.hpp, which never waits; here each function
// waits for its answer, at most as long as the runner's own deadlines let a
// plugin take. What the plugin prints is kept. One thread: the one that made it.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hub/reaction/process_runner.hpp"

namespace iro::scenario {

/// A plugin that can be started, and the program that it is started in.
struct RealPlugin {
  std::filesystem::path host;  // iro-plugin-host
  reaction::ProcessPlugin plugin;
  bool log_denied = false;  // what the sandbox denies is told and refused, not deadly
};

class PluginProcess {
 public:
  using Rows = std::vector<std::pair<Bytes, Bytes>>;
  /// What is kept under a key or a prefix, ascending: the answer to a plugin's question.
  using ReadState = std::function<Rows(const reaction::StateAsk&)>;

  explicit PluginProcess(RealPlugin real);

  [[nodiscard]] const reaction::Manifest& manifest() const { return manifest_; }
  /// The process that runs now; 0 when none does.
  [[nodiscard]] int pid() const;
  /// Starts it if it does not run. Fails with the runner's words when it cannot be.
  Status start();
  reaction::Result call(reaction::Call call, const ReadState& read);
  reaction::ViewAnswer show(reaction::ViewAsk ask, const ReadState& read);
  /// What it keeps in memory is void: the next call starts another process.
  void restart() { runner_->restart(manifest_.spec.id); }
  /// The lines that it printed, and what the runner had to say, since the last time.
  std::vector<std::string> take_log();

 private:
  /// Looks at the process until something has come.
  void turn(const ReadState& read);

  reaction::Manifest manifest_;
  std::shared_ptr<std::vector<std::string>> log_ = std::make_shared<std::vector<std::string>>();
  std::unique_ptr<reaction::ProcessRunner> runner_;
  std::deque<reaction::Result> results_;
  std::deque<reaction::ViewAnswer> views_;
};

}  // namespace iro::scenario

// hub/reaction/runner.hpp: carries the calls to plugins out, whatever they are.
//
// Two implementations: ProcessRunner (process_runner.hpp), one child process a
// plugin; and ScriptedRunner in the tests. One thread: the one that drives the
// core. Nothing here blocks: a call goes out, and take() gives what has come back.
#pragma once

#include <poll.h>

#include <chrono>
#include <variant>
#include <vector>

#include "hub/reaction/plugin.hpp"

namespace iro::reaction {

using Said = std::variant<Result, StateAsk, ViewAnswer>;

class Runner {
 public:
  using Moment =
      std::chrono::steady_clock::time_point;  // style: core-clock, because only deadlines of processes are meant
  virtual ~Runner() = default;

  /// Ask. The plugin has no call outstanding (asserted). A Result follows, always:
  /// also when the plugin cannot be started, crashes, or takes too long.
  virtual void call(Call call) = 0;
  /// The answer to a StateAsk. Ignored when the process that asked has ended meanwhile.
  virtual void answer(StateAnswer answer) = 0;
  /// A ViewAnswer follows; after the outstanding call, if there is one.
  virtual void show(ViewAsk ask) = 0;
  /// What the plugin keeps in memory is void (a commit failed, a person was
  /// erased): its process ends, the next call starts a new one. An outstanding
  /// call ends with Failure::stopped.
  virtual void restart(const std::string& plugin) = 0;

  /// Before sleeping on poll_on(): looks whether what was asked within the last moment (25 us) is answered, for which
  /// nobody need be woken. True: take() has something.
  [[nodiscard]] virtual bool answers_soon() { return false; }
  /// What to poll for besides everything else, and until when at the latest.
  virtual void poll_on(std::vector<pollfd>& fds) const = 0;
  [[nodiscard]] virtual std::optional<Moment> wake_at() const = 0;
  /// Everything that has come since the last take(), after looking at the children without waiting.
  virtual std::vector<Said> take() = 0;
};

/// For those who have nothing else to wait for: until something has come from a process, a deadline is over, or `most`.
void wait_for(Runner& runner, std::chrono::milliseconds most);

}  // namespace iro::reaction

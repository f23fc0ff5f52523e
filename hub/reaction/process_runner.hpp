// hub/reaction/process_runner.hpp: the Runner of a real hub: one process a plugin.
//
// A process is started for a plugin's first call (or by warm()), and stays. It
// is ended, always by SIGKILL, when an event takes longer than the plugin's
// event_ms since the last sign of it, when its answers cannot be read or break a
// limit, and when restart() or a call `alone` says so; the next call starts
// another one. After a failed start the next attempt waits: 100 ms, doubled up to
// 5 s, so that a plugin that cannot start burns nothing; a call waits for it.
//
// The deadline counts from the last outcome, or from the answer to the plugin's
// last question of state (the hub's own time is not the plugin's); in all, an
// event has limits::plugin_patience times event_ms. What arrived is read before
// a deadline is looked at, and a process is hurried (child_mailbox.hpp) once it
// has said nothing for limits::plugin_flush_ms: a hub that comes later than that
// adds what it is late to the deadline. So a hub that was busy kills nobody for
// that, and who is too slow is known by the event.
//
// One thread: the one that drives the core, for plugins die with the thread that
// started them. No process survives the runner.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "hub/reaction/child_messages.hpp"
#include "hub/reaction/child_process.hpp"
#include "hub/reaction/manifest.hpp"
#include "hub/reaction/runner.hpp"

namespace iro::reaction {

struct ProcessPlugin {
  Manifest manifest;
  std::string config;          // JSON, checked (manifest.hpp)
  std::vector<Bytes> schemas;  // .bfbs that it brings, besides the hub's own
};

struct ProcessRunnerOptions {
  std::filesystem::path host;                 // iro-plugin-host
  bool log_denied = false;                    // for authors: see iro-plugin-host's README
  std::function<void(std::string_view)> log;  // one line: "plugin ID: ..."
};

class ProcessRunner final : public Runner {
 public:
  ProcessRunner(ProcessRunnerOptions options, std::vector<ProcessPlugin> plugins);
  ~ProcessRunner() override;

  /// A plugin more, or another version of one (its process is restarted).
  void add(ProcessPlugin plugin);
  /// Its outstanding call ends with Failure::stopped.
  void remove(const std::string& plugin);
  /// Starts what is not running, and waits until each is ready or has failed to start, at most `patience`: the first
  /// call need not wait for it. The only function that blocks.
  void warm(std::chrono::milliseconds patience);

  void call(Call call) override;
  void answer(StateAnswer answer) override;
  void show(ViewAsk ask) override;
  void restart(const std::string& plugin) override;
  [[nodiscard]] bool answers_soon() override;
  void poll_on(std::vector<pollfd>& fds) const override;
  [[nodiscard]] std::optional<Moment> wake_at() const override;
  std::vector<Said> take() override;

  /// The processes that are there now, for tests and `iro plugin list`: plugin -> pid.
  [[nodiscard]] std::map<std::string, int> processes() const;

 private:
  /// A plugin, its process if there is one, and what it is busy with.
  struct Seat;

  Seat& seat_of(const std::string& plugin);
  static void poll_on(ChildProcess& process, std::vector<pollfd>& fds);
  void find_stirring();
  void step(Seat& seat, Moment now);
  void begin(Seat& seat, Moment now);
  void start(Seat& seat, Moment now);
  bool listen(Seat& seat, Moment now);
  void hear(Seat& seat, Moment now, ByteView message);
  void hear_outcomes(Seat& seat, Moment now, child::Outcomes& outcomes);
  void hear_done(Seat& seat, Moment now, const child::CallDone& done);
  void hear_ask(Seat& seat, Moment now, const child::Ask& ask);
  void hear_shown(Seat& seat, const child::Shown& shown);
  bool has_ended(Seat& seat, Moment now);
  void count_time(Seat& seat, Moment from);
  void expect(const Seat& seat, Moment from);
  void hurry(Seat& seat, Moment now);
  void watch_deadlines(Seat& seat, Moment now);
  void give_work(Seat& seat, Moment now);
  void send_pages(Seat& seat, Moment now);
  void post(Seat& seat, Bytes message, Moment now);
  /// Ends the process because of `failure`, and tells whoever waits for it.
  void lose(Seat& seat, Moment now, Failure failure, std::string why);
  void end_process(Seat& seat);
  void finish_call(Seat& seat, Failure failure, std::string why);
  void refuse_views(Seat& seat, Errc code, const std::string& why);
  void log(Seat& seat, Moment now, std::string_view line);
  void read_log(Seat& seat, Moment now);

  ProcessRunnerOptions options_;
  std::map<std::string, std::unique_ptr<Seat>> seats_;
  std::vector<std::unique_ptr<ChildProcess>> leaving_;  // killed, not yet reaped
  std::vector<Said> said_;
  std::optional<Moment> look_until_;  // somebody was asked
};

}  // namespace iro::reaction

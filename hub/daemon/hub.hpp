// hub/daemon/hub.hpp: the parts of a running hub, put together, and the loop that drives them.
//
// Threads: the one that calls run() is the core's and the log's writer, and speaks with the plugins' processes; the bus
// has one, queries have one, the witness has one. They exchange batches by queue and eventfd.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "hub/base/event_fd.hpp"
#include "hub/bus/bus.hpp"
#include "hub/core/core.hpp"
#include "hub/daemon/backup_run.hpp"
#include "hub/daemon/home.hpp"
#include "hub/daemon/inline_wait.hpp"
#include "hub/daemon/query_thread.hpp"
#include "hub/daemon/scrub_pace.hpp"
#include "hub/daemon/witness_thread.hpp"
#include "hub/log/sqlite/sqlite_key_ring.hpp"
#include "hub/log/sqlite/sqlite_log.hpp"
#include "hub/reaction/process_runner.hpp"

namespace iro::daemon {

class Hub {
 public:
  /// Opens the log, proves that strangers are kept out, and binds. Constructs every object of the program: see
  /// wiring.cpp.
  static Result<std::unique_ptr<Hub>> open(Home home);
  ~Hub();

  /// Until stop() was called and clients were told, or the log is damaged. The process's exit code.
  int run();
  /// From any thread or a signal handler's context.
  void stop();
  /// Read hub.toml again: what may change while the hub runs, changes; the rest is said in the log. Any thread.
  void reload() { reload_.raise(); }
  [[nodiscard]] std::vector<std::string> endpoints() const { return bus_->endpoints(); }
  /// How far the witness is.
  [[nodiscard]] WitnessThread::State witness() const { return witness_->state(); }

 private:
  Hub();
  Status start_core();
  void publish_keys();
  [[nodiscard]] bool lingering() const;
  void wait();
  void take_frames();
  void take_answers();
  void take_plugins();
  void take_said();
  void read_plugin_state(const core::ReadPluginState& read);
  void measure_plugin_state(const core::MeasurePluginState& measure);
  void step(core::Input input);
  void perform(core::Actions actions, std::vector<core::Input>& next);
  void commit(const std::shared_ptr<const log::Commit>& commit, std::vector<core::Input>& next);
  void destroy_keys(const std::vector<log::TombstoneRow>& tombstones);
  void tell_views();
  void read_chunks(const core::ReadChunks& read);
  void read_head(const core::ReadHead& read);
  void find_position(const core::FindPosition& find);
  void run_view(const core::RunView& view);
  void run_command(const core::RunCommand& command);
  void begin_backup(const core::RunCommand& command);
  void resume(const core::RunCommand& command);
  void prune_keys();
  void answer(const core::RunCommand& command, Result<std::string> result);
  void count_expired(const core::RunCommand& command);
  void on_tick();
  void step_backup();
  void flush_sends();
  void begin_stop();
  [[nodiscard]] bool drained() const;
  void take_new_config();  // operate.cpp
  void tell_machine();     // operate.cpp

  Home home_;
  SystemClock clock_;
  schema::Registry registry_;
  std::unique_ptr<log::SqliteLog> log_;
  std::unique_ptr<WitnessThread> witness_;
  std::unique_ptr<log::SqliteKeyRing> keys_;
  std::vector<reaction::ProcessPlugin> plugin_set_;
  std::unique_ptr<reaction::ProcessRunner> plugins_;
  std::unique_ptr<core::Core> core_;
  std::unique_ptr<bus::Bus> bus_;
  struct Desk;  // what the query thread owns: a reader of the log, and the views
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<ScrubPace> scrub_;  // run by the query thread
  std::unique_ptr<QueryThread> queries_;
  std::unique_ptr<BackupRun> backup_;
  std::shared_ptr<const BackupProgress> backup_progress_;  // also while it is verified; of the last one

  using Moment = std::chrono::steady_clock::time_point;  // durations only: what is recorded comes from clock_
  Moment committed_at_;
  Moment::duration commit_took_{};
  InlineWait inline_wait_;
  std::vector<bus::OutFrame> sends_;
  std::vector<std::shared_ptr<const log::Commit>> to_tell_;
  TimeMs last_tick_;
  TimeMs last_tend_;
  TimeMs last_prune_;
  EventFd stop_;
  EventFd reload_;
  bool stopping_ = false;
  std::optional<Moment> stop_at_;
  std::optional<core::Stop> stopped_;
};

}  // namespace iro::daemon

// hub/daemon/witness_thread.hpp: writes down once a second how far the log is,
// beside the commits and never in their way.
//
// saw() and hold() are the core thread's and only note; the thread signs and
// writes. A disk that does not take it is reported once, and tried again: the
// witness is a second guard, and the hub goes on without it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "hub/log/witness.hpp"

namespace iro::daemon {

class WitnessThread {
 public:
  explicit WitnessThread(const log::Witness& witness);
  /// Writes what was seen last.
  ~WitnessThread();
  WitnessThread(const WitnessThread&) = delete;
  WitnessThread& operator=(const WitnessThread&) = delete;

  /// This much is on disk.
  void saw(const log::Testimony& testimony);
  /// What a receipt proved: nothing that is seen later replaces it.
  void hold(const log::Testimony& proof);

  struct State {
    std::optional<Error> trouble;           // of the last attempt
    std::optional<log::Testimony> written;  // since the start
  };
  /// For `status` and `doctor`. Any thread.
  [[nodiscard]] State state() const;

 private:
  void run();
  void write(std::unique_lock<std::mutex>& lock);

  const log::Witness witness_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<log::Testimony> next_;  // not written yet
  bool held_ = false;
  bool stopping_ = false;
  State state_;
  std::thread thread_;
};

}  // namespace iro::daemon

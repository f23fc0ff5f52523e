// hub/daemon/query_thread.hpp: the thread that reads the log, so that the core never waits for the disk to read.
//
// The core's thread posts tasks and takes answers; `ready_fd` is readable when
// there are some. Tasks run in the order in which they were posted.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "hub/base/event_fd.hpp"
#include "hub/core/step.hpp"

namespace iro::daemon {

/// What answering a task gives: inputs for the core, and frames that go out as they are.
struct QueryAnswers {
  std::vector<core::Input> inputs;
  std::vector<core::Send> frames;
};

class QueryThread {
 public:
  using Task = std::function<void(QueryAnswers&)>;
  /// Called when there is no task; gives after how long it wants to be called again (0: at once), if no task comes
  /// before.
  using Idle = std::function<std::chrono::milliseconds(QueryAnswers&)>;
  explicit QueryThread(Idle idle);
  ~QueryThread();
  QueryThread(const QueryThread&) = delete;
  QueryThread& operator=(const QueryThread&) = delete;

  void post(Task task);
  QueryAnswers take();
  [[nodiscard]] int ready_fd() const { return ready_.fd(); }

 private:
  void run();
  void give(QueryAnswers out);

  Idle idle_;
  EventFd ready_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  QueryAnswers answers_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace iro::daemon

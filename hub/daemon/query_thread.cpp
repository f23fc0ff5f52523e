#include "hub/daemon/query_thread.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace iro::daemon {

QueryThread::QueryThread(Idle idle) : idle_(std::move(idle)) {
  thread_ = std::thread([this] { run(); });
}

QueryThread::~QueryThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void QueryThread::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

QueryAnswers QueryThread::take() {
  ready_.lower();
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void QueryThread::run() {
  std::chrono::milliseconds pause(0);
  while (true) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      if (pause.count() > 0) wake_.wait_for(lock, pause, [&] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
    }
    QueryAnswers out;
    if (task) {
      task(out);
      pause = std::chrono::milliseconds(0);
    } else {
      pause = idle_(out);
    }
    give(std::move(out));
  }
}

void QueryThread::give(QueryAnswers out) {
  if (out.inputs.empty() && out.frames.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    std::ranges::move(out.inputs, std::back_inserter(answers_.inputs));
    std::ranges::move(out.frames, std::back_inserter(answers_.frames));
  }
  ready_.raise();
}

}  // namespace iro::daemon

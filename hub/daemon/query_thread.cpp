#include "hub/daemon/query_thread.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "hub/base/assert.hpp"

namespace iro::daemon {

QueryThread::QueryThread(std::function<bool()> idle)
    : idle_(std::move(idle)), fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  IRO_ASSERT(fd_ >= 0, "the system gives an eventfd");
  thread_ = std::thread([this] { run(); });
}

QueryThread::~QueryThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  ::close(fd_);
}

void QueryThread::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

QueryAnswers QueryThread::take() {
  std::uint64_t n = 0;
  [[maybe_unused]] const auto read = ::read(fd_, &n, sizeof n);
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void QueryThread::run() {
  bool more = true;
  while (true) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      if (!more) wake_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
      if (stopping_) return;
      if (!tasks_.empty()) {
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
    }
    if (!task) {
      more = idle_();
      continue;
    }
    more = true;
    QueryAnswers out;
    task(out);
    if (out.inputs.empty() && out.frames.empty()) continue;
    {
      const std::lock_guard lock(mutex_);
      std::ranges::move(out.inputs, std::back_inserter(answers_.inputs));
      std::ranges::move(out.frames, std::back_inserter(answers_.frames));
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
  }
}

}  // namespace iro::daemon

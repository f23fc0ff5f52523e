#include "hub/daemon/witness_thread.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "hub/base/limits.hpp"

namespace iro::daemon {

WitnessThread::WitnessThread(const log::Witness& witness) : witness_(witness) {
  thread_ = std::thread([this] { run(); });
}

WitnessThread::~WitnessThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void WitnessThread::saw(const log::Testimony& testimony) {
  const std::lock_guard lock(mutex_);
  if (!held_) next_ = testimony;
}

void WitnessThread::hold(const log::Testimony& proof) {
  const std::lock_guard lock(mutex_);
  next_ = proof;
  held_ = true;
}

WitnessThread::State WitnessThread::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void WitnessThread::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, std::chrono::milliseconds(limits::witness_every_ms), [&] { return stopping_; });
    if (next_) write(lock);
  }
  if (next_) write(lock);  // seen while the thread was writing
}

void WitnessThread::write(std::unique_lock<std::mutex>& lock) {
  const log::Testimony now = *std::exchange(next_, std::nullopt);
  lock.unlock();
  const Status written = witness_.write(now);
  lock.lock();
  if (written) {
    if (state_.trouble) spdlog::info("the witness can be written again");
    state_ = {std::nullopt, now};
    return;
  }
  if (!next_) next_ = now;
  if (!state_.trouble) spdlog::error("the witness cannot be written: {}", written.error().text());
  state_.trouble = written.error();
}

}  // namespace iro::daemon

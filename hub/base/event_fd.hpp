// hub/base/event_fd.hpp: a flag that poll() can wait for. raise() from any
// thread; the waiter lowers it before it looks at what it was woken for.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "hub/base/assert.hpp"

namespace iro {

class EventFd {
 public:
  EventFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { IRO_ASSERT(fd_ >= 0, "the system has file descriptors"); }
  ~EventFd() { ::close(fd_); }
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  void raise() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);  // a full counter is raised already
  }
  void lower() {
    std::uint64_t count = 0;
    // It never blocks: EFD_NONBLOCK.
    [[maybe_unused]] const auto got =
        ::read(fd_, &count, sizeof count);  // NOLINT(clang-analyzer-unix.BlockInCriticalSection)
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace iro

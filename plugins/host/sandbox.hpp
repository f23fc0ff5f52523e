// plugins/host/sandbox.hpp: what a plugin's process may do: compute, and talk on fd 3.
//
// In this order, each step only taking away:
//   begin()          dies with its parent, gains no privileges, is not traced, drops no core
//   enter_loading()  limits; Landlock (where the kernel has it): only system libraries can be opened; seccomp: what
//                    the dynamic loader needs
//   enter_running()  the memory budget; no new descriptors; no clock; seccomp: memory, fd 3, printing, ending
// Whatever else is asked of the system kills the process; with `log_denied` it
// is told on stderr and refused with EPERM, so that an author sees all of it.
//
// Sanitizers need a whole address space, clocks and files of their own: in such a
// build (IRO_HOST_SANDBOX is 0) the last two steps only set what they can bear.
// Failures are Errc::io: a host that cannot confine a plugin does not load it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "hub/base/error.hpp"

#ifndef IRO_HOST_SANDBOX
#define IRO_HOST_SANDBOX 1
#endif

namespace iro::host {

/// The kernel's pages from which the C library reads clocks without a system call.
struct Pages {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};
std::vector<Pages> clock_pages();

struct SandboxOptions {
  int channel_fd = 3;
  std::size_t memory_bytes = 64U << 20;  // beyond what the host itself takes
  std::size_t object_bytes = 0;
  bool log_denied = false;
};

class Sandbox {
 public:
  static Status begin(int channel_fd);

  /// Prepares the filters, so that entering needs nothing that they deny.
  static Result<Sandbox> prepare(SandboxOptions options);
  ~Sandbox();
  Sandbox(Sandbox&&) noexcept;
  Sandbox& operator=(Sandbox&&) = delete;

  Status enter_loading();
  Status enter_running();
  /// Did the kernel have Landlock?
  [[nodiscard]] bool files_confined() const;

 private:
  struct Impl;
  explicit Sandbox(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace iro::host

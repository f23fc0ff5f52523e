// hub/reaction/child_process.hpp: one process of iro-plugin-host: made, listened to, ended, reaped.
//
// The child has four descriptors besides its channel (fd 3): a mailbox (fd 4, memory
// that it shares with us), nothing to read, and a pipe for what it prints. It inherits no other one, no environment, no
// signal mask, and it stands in a process group of its own (a Ctrl-C at the hub
// is not meant for it). It dies with the thread that made it: spawn() is called
// by the thread that drives the hub. Nothing here waits, except the destructor
// for a process that it has just killed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/reaction/child_channel.hpp"

namespace iro::reaction {

class ChildProcess {
 public:
  /// Starts the executable at `host`. Fails with Errc::io.
  static iro::Result<std::unique_ptr<ChildProcess>> spawn(const std::filesystem::path& host);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] ChildChannel& channel() { return channel_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Readable when the process has ended.
  [[nodiscard]] int pid_fd() const { return pid_fd_; }
  /// Readable when it has printed something; -1 when it can print no more.
  [[nodiscard]] int log_fd() const { return log_fd_; }

  void kill();
  /// "killed by SIGSEGV" or "ended with status 0", once it has ended; it is reaped then.
  std::optional<std::string> ended();
  /// What it printed since the last time: whole lines, at most `most_bytes` of them; a long line comes cut.
  std::vector<std::string> read_log(std::size_t most_bytes);

 private:
  ChildProcess(pid_t pid, int pid_fd, int channel_fd, int log_fd, Mailbox mailbox);
  void reap(int options);

  pid_t pid_;
  int pid_fd_;
  int log_fd_;
  Mailbox mailbox_;  // outlives the channel
  ChildChannel channel_;
  std::string line_;  // that has not ended yet
  std::optional<std::string> end_;
};

}  // namespace iro::reaction

#include "hub/reaction/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "hub/base/limits.hpp"

namespace iro::reaction {
namespace {

constexpr int channel_number = 3;  // permanent: iro-plugin-host expects them there
constexpr int mailbox_number = 4;
constexpr int above_the_childs = 16;  // where our ends stand, so that none is overwritten while the child's are placed

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  /// The same descriptor under a number that is out of the child's way.
  bool move_up() {
    const int up = ::fcntl(fd_, F_DUPFD_CLOEXEC, above_the_childs);
    if (up < 0) return false;
    ::close(fd_);
    fd_ = up;
    return true;
  }

 private:
  int fd_ = -1;
};

struct Pair {
  Fd ours;
  Fd childs;
};

bool make_channel(Pair& out) {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) != 0) return false;
  out = {Fd(fds[0]), Fd(fds[1])};
  return out.childs.move_up();
}

bool make_log(Pair& out) {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return false;
  out = {Fd(fds[0]), Fd(fds[1])};
  return ::fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 && out.childs.move_up();
}

/// What posix_spawn is told, freed at the end.
struct SpawnPlan {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
  SpawnPlan(int channel, int mailbox, int log) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, log, 1);
    ::posix_spawn_file_actions_adddup2(&files, log, 2);
    ::posix_spawn_file_actions_adddup2(&files, channel, channel_number);
    ::posix_spawn_file_actions_adddup2(&files, mailbox, mailbox_number);
    ::posix_spawn_file_actions_addclosefrom_np(&files, mailbox_number + 1);
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

tl::unexpected<Error> system_error(std::string_view what, int error) {
  return fail(Errc::io, fmt::format("{}: {}", what, std::strerror(error)));
}

}  // namespace

iro::Result<std::unique_ptr<ChildProcess>> ChildProcess::spawn(const std::filesystem::path& host) {
  Pair channel;
  Pair log;
  if (!make_channel(channel) || !make_log(log)) return system_error("a channel to a plugin", errno);
  auto mailbox = Mailbox::create();
  if (!mailbox) return fail(mailbox.error());
  const Fd memory(::fcntl(mailbox->fd(), F_DUPFD_CLOEXEC, above_the_childs));
  if (memory.get() < 0) return system_error("memory to share with a plugin", errno);
  const SpawnPlan plan(channel.childs.get(), memory.get(), log.childs.get());
  std::string name = host.filename();
  std::array<char*, 2> arguments{name.data(), nullptr};
  std::array<char*, 1> environment{nullptr};
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, host.c_str(), &plan.files, &plan.attributes, arguments.data(), environment.data());
  if (error != 0) return system_error(host.string(), error);
  // By number: the header of glibc 2.36 cannot be used from C++.
  const int pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pid_fd < 0) {
    const int why = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return system_error("watch a plugin's process", why);
  }
  ::fcntl(pid_fd, F_SETFD, FD_CLOEXEC);
  // The constructor is private, so std::make_unique cannot call it.
  const int ours = channel.ours.release();
  const int printed = log.ours.release();
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, pid_fd, ours, printed, std::move(*mailbox)));
}

ChildProcess::ChildProcess(pid_t pid, int pid_fd, int channel_fd, int log_fd, Mailbox mailbox)
    : pid_(pid),
      pid_fd_(pid_fd),
      log_fd_(log_fd),
      mailbox_(std::move(mailbox)),
      channel_(channel_fd, ChildChannel::Mode::nonblocking, limits::plugin_answer_bytes) {
  channel_.share(mailbox_.to_hub(), mailbox_.to_child());
}

ChildProcess::~ChildProcess() {
  if (!end_) {
    kill();
    reap(0);
  }
  ::close(pid_fd_);
  if (log_fd_ >= 0) ::close(log_fd_);
}

void ChildProcess::kill() {
  if (!end_) ::kill(pid_, SIGKILL);  // it is not reaped, so the number is still its own
}

void ChildProcess::reap(int options) {
  siginfo_t info{};
  int result = 0;
  do result = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | options);
  while (result != 0 && errno == EINTR);
  if (result == 0 && info.si_pid == 0) return;
  if (result != 0) {
    end_ = "ended, and somebody else reaped it";
  } else if (info.si_code == CLD_EXITED) {
    end_ = fmt::format("ended with status {}", info.si_status);
  } else {
    const char* name = ::sigabbrev_np(info.si_status);
    end_ = fmt::format("killed by SIG{}", name == nullptr ? std::to_string(info.si_status) : name);
  }
}

std::optional<std::string> ChildProcess::ended() {
  if (!end_) reap(WNOHANG);
  return end_;
}

std::vector<std::string> ChildProcess::read_log(std::size_t most_bytes) {
  std::vector<std::string> lines;
  const auto finish = [&] {
    if (!line_.empty()) lines.push_back(std::exchange(line_, {}));
  };
  std::array<char, 4'096> part{};
  for (std::size_t read = 0; log_fd_ >= 0 && read < most_bytes;) {
    const ssize_t n = ::read(log_fd_, part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) {
      finish();
      ::close(std::exchange(log_fd_, -1));
      break;
    }
    read += static_cast<std::size_t>(n);
    for (const char c : std::string_view(part.data(), static_cast<std::size_t>(n))) {
      if (c == '\n') {
        finish();
      } else if (line_.size() < limits::plugin_log_line_bytes) {
        // What a terminal would take as a command, or is no text, has no business in the hub's log.
        line_.push_back(static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f ? '?' : c);
      }
    }
  }
  return lines;
}

}  // namespace iro::reaction

#include "bench/peers.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace iro::bench {
namespace {

using Clock = std::chrono::steady_clock;

class Redis {
 public:
  explicit Redis(const std::filesystem::path& folder) : path_(folder / "redis.sock") {
    std::filesystem::create_directories(folder);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
      ::dup2(null, STDOUT_FILENO);
      ::execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path_.c_str(), "--dir", folder.c_str(),
               "--appendonly", "yes", "--appendfsync", "always", "--save", "", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    for (int i = 0; i < 200 && !alive_; ++i) {
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        return;
      }
      const int fd = connect();
      alive_ = fd >= 0;
      if (alive_)
        ::close(fd);
      else
        ::usleep(20'000);
    }
  }
  ~Redis() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] bool alive() const { return alive_; }
  [[nodiscard]] int connect() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    path_.string().copy(a.sun_path, sizeof a.sun_path - 1);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a) == 0) return fd;
    ::close(fd);
    return -1;
  }

 private:
  std::filesystem::path path_;
  pid_t pid_ = -1;
  bool alive_ = false;
};

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0) throw std::runtime_error("redis hung up");
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// Every answer to XADD is a bulk string: two lines.
int read_answers(int fd) {
  char buffer[65'536];
  const ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n <= 0) throw std::runtime_error("redis hung up");
  int lines = 0;
  for (ssize_t i = 0; i < n; ++i) lines += buffer[i] == '\n' ? 1 : 0;
  return lines;
}

std::uint64_t publish(int fd, int outstanding, const std::string& command, Clock::time_point until) {
  std::string window;
  for (int i = 0; i < outstanding; ++i) window += command;
  write_all(fd, window);
  std::uint64_t done = 0;
  int lines = 0;
  while (Clock::now() < until) {
    lines += read_answers(fd);
    const int answers = lines / 2;
    lines -= answers * 2;
    done += static_cast<std::uint64_t>(answers);
    if (answers > 0)
      write_all(fd, std::string_view(window).substr(0, static_cast<std::size_t>(answers) * command.size()));
  }
  return done;
}

}  // namespace

double fdatasync_rate(const std::filesystem::path& folder, double seconds) {
  const auto path = folder / "fdatasync";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::string page(4'096, 'x');
  const auto start = Clock::now();
  const auto until = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::uint64_t n = 0;
  for (; Clock::now() < until; ++n) {
    write_all(fd, page);
    if (::fdatasync(fd) != 0) throw std::runtime_error("fdatasync failed");
  }
  ::close(fd);
  std::filesystem::remove(path);
  return static_cast<double>(n) / std::chrono::duration<double>(Clock::now() - start).count();
}

double redis_rate(const std::filesystem::path& folder, int publishers, int outstanding, std::size_t bytes,
                  double seconds) {
  const Redis redis(folder / fmt::format("redis-{}x{}", publishers, outstanding));
  if (!redis.alive()) return 0;
  const std::string payload(bytes, 'x');
  const std::string command =
      fmt::format("*5\r\n$4\r\nXADD\r\n$6\r\nstream\r\n$1\r\n*\r\n$1\r\nd\r\n${}\r\n{}\r\n", payload.size(), payload);
  const auto start = Clock::now();
  const auto until = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::atomic<std::uint64_t> done{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < publishers; ++i) {
    threads.emplace_back([&] {
      const int fd = redis.connect();
      done += publish(fd, outstanding, command, until);
      ::close(fd);
    });
  }
  for (auto& t : threads) t.join();
  return static_cast<double>(done) / std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace iro::bench

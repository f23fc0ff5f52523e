#include "hub/base/file_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace iro {
namespace {

constexpr std::size_t number_bytes = 12;  // the process id, blanks and a newline

}  // namespace

Result<FileLock> FileLock::take(const std::filesystem::path& file, mode_t mode) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) return fail(Errc::io, fmt::format("open {}: {}", file.string(), std::strerror(errno)));
  FileLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(Errc::io, fmt::format("{}: {}", file.string(), std::strerror(errno)));
    std::string holder(number_bytes, ' ');
    if (::pread(fd, holder.data(), holder.size(), 0) <= 0) holder = "?";
    return fail(Errc::locked,
                fmt::format("{} is held by process {}", file.string(), holder.substr(0, holder.find(' '))));
  }
  // For people only: a write that fails takes nothing from the lock. Always of one length, as a file that is
  // emptied and written again costs a flush when it is closed (ext4).
  const std::string mine = fmt::format("{:<{}}\n", ::getpid(), number_bytes - 1);
  (void)!::pwrite(fd, mine.data(), mine.size(), 0);
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace iro

#include "hub/log/sqlite/folder_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace iro::log {

constexpr std::size_t number_bytes = 12;  // the process id, blanks and a newline

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  const std::string path = (folder / "lock").string();
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return fail(Errc::io, fmt::format("{}: {}", path, std::strerror(errno)));
  FolderLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(Errc::io, fmt::format("{}: {}", path, std::strerror(errno)));
    std::string holder(number_bytes, ' ');
    if (::pread(fd, holder.data(), holder.size(), 0) <= 0) holder = "?";
    return fail(Errc::locked,
                fmt::format("{} is held by process {}", folder.string(), holder.substr(0, holder.find(' '))));
  }
  // For people only: a write that fails takes nothing from the lock. Always of one length, as a file that is
  // emptied and written again costs a flush when it is closed (ext4).
  const std::string mine = fmt::format("{:<{}}\n", ::getpid(), number_bytes - 1);
  (void)!::pwrite(fd, mine.data(), mine.size(), 0);
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace iro::log

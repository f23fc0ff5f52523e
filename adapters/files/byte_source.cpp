#include "adapters/files/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace iro::files {

Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return fail(Errc::io, fmt::format("open {}: {}", path.string(), std::strerror(errno)));
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::unique_ptr<FileSource>(new FileSource(fd, path.string()));
}

FileSource::~FileSource() { ::close(fd_); }

Result<std::size_t> FileSource::read(std::span<std::uint8_t> out) {
  for (;;) {
    const ::ssize_t n = ::read(fd_, out.data(), out.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return fail(Errc::io, fmt::format("read {}: {}", name_, std::strerror(errno)));
  }
}

Result<std::size_t> MemorySource::read(std::span<std::uint8_t> out) {
  const std::size_t n = std::min({out.size(), block_, text_.size() - at_});
  std::memcpy(out.data(), text_.data() + at_, n);
  at_ += n;
  return n;
}

}  // namespace iro::files

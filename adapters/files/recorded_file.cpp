#include "adapters/files/recorded_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace iro::files {
namespace {

Status sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::io, fmt::format("open {}: {}", folder.string(), std::strerror(errno)));
  const int done = ::fsync(fd);
  ::close(fd);
  if (done != 0) return fail(Errc::io, fmt::format("sync {}: {}", folder.string(), std::strerror(errno)));
  return {};
}

}  // namespace

Result<RecordedFile> RecordedFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return fail(Errc::io, fmt::format("open {}: {}", path.string(), std::strerror(errno)));
  return RecordedFile(fd, path);
}

RecordedFile::~RecordedFile() {
  if (fd_ >= 0) ::close(fd_);
}

RecordedFile::RecordedFile(RecordedFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

RecordedFile& RecordedFile::operator=(RecordedFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

tl::unexpected<Error> RecordedFile::system_error(std::string_view what) const {
  return fail(errno == ENOSPC ? Errc::disk_full : Errc::io,
              fmt::format("{} {}: {}", what, path_.string(), std::strerror(errno)));
}

Status RecordedFile::put(std::uint64_t recorded, std::string_view text) {
  const auto now = size();
  if (!now) return fail(now.error());
  if (*now < recorded) return fail(Errc::corrupt, fmt::format("{} is shorter than it was left", path_.string()));
  if (*now > recorded && ::ftruncate(fd_, static_cast<::off_t>(recorded)) != 0) return system_error("cut");
  return restore(recorded, text);
}

Status RecordedFile::restore(std::uint64_t at, std::string_view text) {
  while (!text.empty()) {
    const ::ssize_t n = ::pwrite(fd_, text.data(), text.size(), static_cast<::off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("write");
    text.remove_prefix(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
  return {};
}

Status RecordedFile::sync() const {
  if (::fsync(fd_) != 0) return system_error("sync");
  return {};
}

Result<std::uint64_t> RecordedFile::size() const {
  struct ::stat info {};
  if (::fstat(fd_, &info) != 0) return system_error("look at");
  return static_cast<std::uint64_t>(info.st_size);
}

bool RecordedFile::in_place() const {
  struct ::stat ours {};
  struct ::stat named {};
  return ::fstat(fd_, &ours) == 0 && ::stat(path_.c_str(), &named) == 0 && ours.st_ino == named.st_ino &&
         ours.st_dev == named.st_dev;
}

Status move_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return fail(Errc::io, fmt::format("move {} to {}: {}", from.string(), to.string(), std::strerror(errno)));
  }
  if (Status synced = sync_folder(to.parent_path()); !synced) return synced;
  return sync_folder(from.parent_path());
}

}  // namespace iro::files

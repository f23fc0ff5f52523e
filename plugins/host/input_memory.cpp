#include "plugins/host/input_memory.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace iro::host {

Result<InputMemory> InputMemory::create(std::size_t size) {
  const auto error = [] { return fail(Errc::io, fmt::format("memory for calls: {}", std::strerror(errno))); };
  const int fd = ::memfd_create("iro-input", MFD_CLOEXEC);
  if (fd < 0) return error();
  void* writable = MAP_FAILED;
  void* shown = MAP_FAILED;
  if (::ftruncate(fd, static_cast<off_t>(size)) == 0) {
    writable = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    shown = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  }
  ::close(fd);
  if (writable == MAP_FAILED || shown == MAP_FAILED) return error();
  return InputMemory(static_cast<std::uint8_t*>(writable), static_cast<std::uint8_t*>(shown), size);
}

InputMemory::InputMemory(InputMemory&& other) noexcept
    : writable_(std::exchange(other.writable_, nullptr)),
      shown_(std::exchange(other.shown_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

InputMemory::~InputMemory() {
  if (size_ == 0) return;
  ::munmap(writable_, size_);
  ::munmap(shown_, size_);
}

}  // namespace iro::host

#include "plugins/host/object.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "hub/base/crypto.hpp"
#include "hub/base/limits.hpp"

namespace iro::host {
namespace {

Result<Bytes> read_file(const std::filesystem::path& path) {
  std::error_code ec;
  const auto size = std::filesystem::file_size(path, ec);
  if (ec) return fail(Errc::io, fmt::format("{}: {}", path.string(), ec.message()));
  if (size > limits::plugin_object_bytes) {
    return fail(Errc::limit_reached, fmt::format("{}: larger than an object may be", path.string()));
  }
  Bytes bytes(size);
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (in.gcount() != static_cast<std::streamsize>(size)) {
    return fail(Errc::io, fmt::format("{}: cannot be read", path.string()));
  }
  return bytes;
}

bool write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

/// From Linux 6.3 on memory has to be asked for as executable; before, the flag is unknown.
int executable_memory(const std::string& name) {
  constexpr unsigned executable = 0x10;  // MFD_EXEC, which Debian 12's headers do not have
  const int fd = ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | executable);
  return fd >= 0 || errno != EINVAL ? fd : ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

}  // namespace

Result<ObjectFile> ObjectFile::open(const std::filesystem::path& path, const Hash& hash) {
  const auto bytes = read_file(path);
  if (!bytes) return fail(bytes.error());
  if (sha256(*bytes) != hash) {
    return fail(Errc::config_invalid, fmt::format("{}: its sha256 is not the one in plugin.toml", path.string()));
  }
  const int fd = executable_memory(path.filename());
  if (fd < 0) return fail(Errc::io, fmt::format("memory for the object: {}", std::strerror(errno)));
  ObjectFile out(fd, bytes->size());
  if (!write_all(fd, *bytes) ||
      ::fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return fail(Errc::io, fmt::format("memory for the object: {}", std::strerror(errno)));
  }
  return out;
}

ObjectFile::ObjectFile(ObjectFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

ObjectFile::~ObjectFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<const iro_entry*> load_object(const std::filesystem::path& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return fail(Errc::invalid_argument, fmt::format("it cannot be loaded: {}", ::dlerror()));
  const void* symbol = ::dlsym(handle, IRO_ENTRY_SYMBOL);
  if (symbol == nullptr) return fail(Errc::invalid_argument, "it does not export " IRO_ENTRY_SYMBOL);
  return static_cast<const iro_entry*>(symbol);
}

Result<const iro_entry*> ObjectFile::load() const { return load_object(fmt::format("/proc/self/fd/{}", fd_)); }

}  // namespace iro::host

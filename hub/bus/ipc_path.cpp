#include "hub/bus/ipc_path.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace iro::bus {
namespace {

namespace fs = std::filesystem;

constexpr mode_t folder_mode = 0750;
constexpr mode_t lock_mode = 0640;
constexpr mode_t others = 0007;

Status private_folder(const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder.parent_path(), ec);
  if (::mkdir(folder.c_str(), folder_mode) != 0 && errno != EEXIST) {
    return fail(Errc::io, fmt::format("make folder {}: {}", folder.string(), std::strerror(errno)));
  }
  struct stat about {};
  if (::stat(folder.c_str(), &about) != 0 || !S_ISDIR(about.st_mode)) {
    return fail(Errc::config_invalid, fmt::format("{} is not a folder", folder.string()));
  }
  if ((about.st_mode & others) != 0) {
    return fail(Errc::config_invalid,
                fmt::format("folder {} is open to others: give the socket a folder of its own with mode 0750",
                            folder.string()));
  }
  return {};
}

}  // namespace

Result<IpcPath> IpcPath::take(std::string_view endpoint) {
  const fs::path path(endpoint.substr(std::string_view("ipc://").size()));
  if (!path.is_absolute() || path.native().size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(Errc::config_invalid, fmt::format("{}: an absolute path of at most {} bytes is needed", endpoint,
                                                  sizeof(sockaddr_un::sun_path) - 1));
  }
  IRO_TRY(private_folder(path.parent_path()), endpoint);
  const std::string lock_path = path.string() + ".lock";
  auto lock = FileLock::take(lock_path, lock_mode);
  if (!lock) return fail(lock.error().within(fmt::format("{} is in use by another hub", endpoint)));
  return IpcPath(std::move(*lock));
}

}  // namespace iro::bus

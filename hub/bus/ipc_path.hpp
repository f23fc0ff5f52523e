// hub/bus/ipc_path.hpp: the file system's side of an ipc:// endpoint.
//
// ZeroMQ gives the socket file whatever mode the umask leaves, and a second bind
// to the same path silently takes it over. So the socket lives in a folder that
// others may not enter, and a FileLock beside it says that it is in use.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "hub/base/file_lock.hpp"

namespace iro::bus {

class IpcPath {
 public:
  /// Take `endpoint` ("ipc:///run/iro/hub.sock"). Makes the folder with mode 0750 if
  /// it is missing. Fails with `locked` when another bus has the path, and with
  /// config_invalid when the path is relative, too long, or its folder open to others.
  static Result<IpcPath> take(std::string_view endpoint);
  static bool is_ipc(std::string_view endpoint) { return endpoint.starts_with("ipc://"); }

 private:
  explicit IpcPath(FileLock lock) : lock_(std::move(lock)) {}
  FileLock lock_;
};

}  // namespace iro::bus

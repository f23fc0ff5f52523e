// hub/bus/ipc_path.hpp: the file system's side of an ipc:// endpoint.
//
// ZeroMQ gives the socket file whatever mode the umask leaves, and a second bind
// to the same path silently takes it over. So the socket lives in a folder that
// others may not enter, and a lock file beside it says that it is in use. The
// lock is the kernel's (flock): it ends with the process, however that ends.
#pragma once

#include <string>
#include <string_view>

#include "hub/base/error.hpp"

namespace iro::bus {

class IpcPath {
 public:
  /// Take `endpoint` ("ipc:///run/iro/hub.sock"). Makes the folder with mode 0750 if
  /// it is missing. Fails with `locked` when another bus has the path, and with
  /// config_invalid when the path is relative, too long, or its folder open to others.
  static Result<IpcPath> take(std::string_view endpoint);
  static bool is_ipc(std::string_view endpoint) { return endpoint.starts_with("ipc://"); }

  IpcPath(IpcPath&& other) noexcept;
  IpcPath& operator=(IpcPath&&) = delete;
  ~IpcPath();

 private:
  explicit IpcPath(int lock) : lock_(lock) {}
  int lock_;
};

}  // namespace iro::bus

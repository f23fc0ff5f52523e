// hub/log/sqlite/folder_lock.hpp: one data folder serves one hub.
//
// Holds flock() on the file `lock` in the folder, which says whose it is. The
// system releases it when the process ends, however it ends.
#pragma once

#include <filesystem>
#include <memory>

#include "hub/base/error.hpp"

namespace iro::log {

class FolderLock {
 public:
  /// Fails with locked, naming the process that holds the folder, or io.
  static Result<FolderLock> take(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace iro::log

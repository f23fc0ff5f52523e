// hub/base/file_lock.hpp: one process at a time has what a file stands for.
//
// Holds flock() on the file, which says whose it is. The system lets go when
// the process ends, however it ends. The file itself stays: removing it would
// let two processes lock two files of one name.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "hub/base/error.hpp"

namespace iro {

class FileLock {
 public:
  /// Makes the file with `mode` if it is not there; its folder must be. Fails
  /// with locked, naming file and process that holds it, or io. Follows no link.
  static Result<FileLock> take(const std::filesystem::path& file, mode_t mode);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace iro

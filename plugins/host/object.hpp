// plugins/host/object.hpp: a plugin's shared object: what was hashed is what is loaded.
//
// The file is read once; what was read is hashed, sealed in memory, and loaded from
// there, so nobody can change it in between. Nothing of it runs before load(). It is
// never unloaded: dlclose() does not undo what an object did (platform.md).
#pragma once

#include <iro/plugin.h>

#include <filesystem>

#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"

namespace iro::host {

/// Loads the object at `path` as it is, hash or not: for tools and tests. Its constructors run.
Result<const iro_entry*> load_object(const std::filesystem::path& path);

class ObjectFile {
 public:
  /// Fails with Errc::io, or config_invalid when the hash is another one.
  static Result<ObjectFile> open(const std::filesystem::path& path, const Hash& sha256);
  ~ObjectFile();
  ObjectFile(ObjectFile&& other) noexcept;
  ObjectFile& operator=(ObjectFile&&) = delete;

  /// Runs its constructors. The entry lives as long as the process.
  [[nodiscard]] Result<const iro_entry*> load() const;
  [[nodiscard]] std::size_t size_bytes() const { return size_; }

 private:
  ObjectFile(int fd, std::size_t size) : fd_(fd), size_(size) {}
  int fd_;
  std::size_t size_;
};

}  // namespace iro::host

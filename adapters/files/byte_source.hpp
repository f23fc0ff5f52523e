// adapters/files/byte_source.hpp: where a reader's bytes come from.
//
// A ByteSource gives bytes from front to back, once. FileSource reads a file in
// blocks; MemorySource is its twin for tests and small texts. One thread each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "hub/base/error.hpp"

namespace iro::files {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fill the front of `out`; 0 means the end. Fails with Errc::io.
  virtual Result<std::size_t> read(std::span<std::uint8_t> out) = 0;
};

class FileSource final : public ByteSource {
 public:
  static Result<std::unique_ptr<FileSource>> open(const std::filesystem::path& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  Result<std::size_t> read(std::span<std::uint8_t> out) override;

 private:
  FileSource(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  int fd_;
  std::string name_;
};

/// Gives at most `block` bytes a call, so that a test can put a cut anywhere.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string text, std::size_t block = 64U << 10) : text_(std::move(text)), block_(block) {}
  Result<std::size_t> read(std::span<std::uint8_t> out) override;

 private:
  std::string text_;
  std::size_t block_;
  std::size_t at_ = 0;
};

}  // namespace iro::files

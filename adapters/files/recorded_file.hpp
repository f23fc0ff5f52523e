// adapters/files/recorded_file.hpp: a file that grows together with a transaction.
//
// How long the file is counts as recorded somewhere else, in the transaction
// that its contents belong to. Text is put behind the recorded length and is
// part of the file once the new length is recorded; what a killed process left
// behind it is cut off when the next text is put there. So a text is never
// doubled and never torn. One thread an object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "hub/base/error.hpp"

namespace iro::files {

class RecordedFile {
 public:
  /// Open, or create. Fails with io.
  static Result<RecordedFile> open(const std::filesystem::path& path);
  ~RecordedFile();
  RecordedFile(RecordedFile&& other) noexcept;
  RecordedFile& operator=(RecordedFile&& other) noexcept;

  /// The file is `text` behind its first `recorded` bytes. Fails with corrupt
  /// when it is shorter than that: somebody else has changed it.
  Status put(std::uint64_t recorded, std::string_view text);
  /// Write `text` at `at`, wherever the end is: to repair after a power cut.
  Status restore(std::uint64_t at, std::string_view text);
  /// What was put is on the disk when it returns.
  [[nodiscard]] Status sync() const;
  [[nodiscard]] Result<std::uint64_t> size() const;
  /// Whether the file is still the one under its name: it may have been moved or deleted.
  [[nodiscard]] bool in_place() const;

 private:
  RecordedFile(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  [[nodiscard]] tl::unexpected<Error> system_error(std::string_view what) const;
  int fd_ = -1;
  std::filesystem::path path_;
};

/// rename(2), then both folders are synced, so that the move survives a power cut.
Status move_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace iro::files

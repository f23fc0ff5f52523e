// tests/support/temp_folder.hpp: a folder that is gone with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "hub/base/assert.hpp"

namespace iro::test {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "iro-test-").string().append(6, 'X');
    IRO_ASSERT(::mkdtemp(name.data()) != nullptr, "the system gives a temporary folder");
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace iro::test

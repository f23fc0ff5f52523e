#include "adapters/files/member_folder.hpp"

#include <fmt/format.h>

namespace iro::files {

Status MemberFolder::create() const {
  namespace fs = std::filesystem;
  std::error_code error;
  for (const fs::path& folder : {done(), rejected(), inbox(), work()}) {
    fs::create_directories(folder, error);
    if (error) return fail(Errc::io, fmt::format("create {}: {}", folder.string(), error.message()));
  }
  fs::permissions(data(), fs::perms::owner_all, error);
  if (error) return fail(Errc::io, fmt::format("make {} private: {}", data().string(), error.message()));
  return {};
}

}  // namespace iro::files

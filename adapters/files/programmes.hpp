// adapters/files/programmes.hpp: which programme codes have a name.
//
// An unknown code is no mistake: lists change every year, and a file is often
// newer or older than ours. It is taken, counted and shown.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace iro::files {

class ProgrammeList {
 public:
  explicit ProgrammeList(std::set<std::string, std::less<>> codes) : codes_(std::move(codes)) {}
  /// schemas/codes/programmes.toml, as built into the program.
  static ProgrammeList builtin();

  [[nodiscard]] bool knows(std::string_view code) const { return codes_.contains(code); }
  [[nodiscard]] std::size_t size() const { return codes_.size(); }

 private:
  std::set<std::string, std::less<>> codes_;
};

}  // namespace iro::files

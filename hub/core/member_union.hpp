// hub/core/member_union.hpp: everybody who is in any audience of a chunk.
#pragma once

#include <cstdint>
#include <vector>

#include "hub/base/ids.hpp"

namespace iro::core {

class MemberUnion {
 public:
  void add(const std::vector<MemberNo>& members) {
    for (const MemberNo m : members) {
      if (m.value() >= in_.size()) in_.resize(m.value() + 1);
      in_[m.value()] = true;
    }
  }
  /// Ascending.
  [[nodiscard]] std::vector<MemberNo> members() const {
    std::vector<MemberNo> out;
    for (std::uint32_t m = 0; m < in_.size(); ++m) {
      if (in_[m]) out.emplace_back(m);
    }
    return out;
  }

 private:
  std::vector<bool> in_;  // by member number; they are dense
};

}  // namespace iro::core

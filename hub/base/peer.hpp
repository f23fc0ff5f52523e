// hub/base/peer.hpp: who is at the other end.
#pragma once

#include <cstdint>

#include "hub/base/ids.hpp"

namespace iro {

/// One connection to the bus, from its first frame until it is gone; never used twice.
using ConnectionNo = Strong<struct ConnectionNoTag, std::uint64_t>;

/// Whose key the connection proved to hold.
struct Principal {
  MemberNo member;
  KeyNo key;
  auto operator<=>(const Principal&) const = default;
};

}  // namespace iro

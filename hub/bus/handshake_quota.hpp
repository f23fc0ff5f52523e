// hub/bus/handshake_quota.hpp: how often one key may connect.
//
// ZeroMQ numbers its routing ids upwards, and a client may claim a number of its
// own choice; libzmq 4.3.4 ends the process when it comes to a number that is
// taken. The first number is random (bus.cpp), so a member that wants to hit the
// next one has to try millions of times: this is what denies it the tries. It
// also bounds what a client in a reconnect loop costs (1.5k handshakes fill a core).
#pragma once

#include <map>

#include "hub/base/peer.hpp"
#include "hub/base/ticks.hpp"

namespace iro::bus {

inline constexpr double handshake_burst = 512;      // all programs of one member after the hub was down
inline constexpr double handshakes_per_second = 5;  // and then a steady few

class HandshakeQuota {
 public:
  /// Whether this key may connect once more now.
  bool take(const Principal& who, Ticks now);

 private:
  struct Bucket {
    double left = handshake_burst;
    Ticks filled;
  };
  std::map<Principal, Bucket> buckets_;  // only enrolled keys come here, so they bound it
};

}  // namespace iro::bus

#include "hub/bus/handshake_quota.hpp"

#include <algorithm>

namespace iro::bus {

bool HandshakeQuota::take(const Principal& who, Ticks now) {
  const auto [at, fresh] = buckets_.try_emplace(who, Bucket{handshake_burst, now});
  Bucket& bucket = at->second;
  const double seconds = static_cast<double>(now.value() - bucket.filled.value()) / 1'000.0;
  bucket.left = std::min(handshake_burst, bucket.left + seconds * handshakes_per_second);
  bucket.filled = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

}  // namespace iro::bus

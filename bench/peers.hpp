// bench/peers.hpp: what the hub is compared with, in the same run on the same disk.
#pragma once

#include <cstddef>
#include <filesystem>

namespace iro::bench {

/// fdatasync calls a second, each after writing 4 KiB behind the last.
double fdatasync_rate(const std::filesystem::path& folder, double seconds);

/// Redis Streams with `appendfsync always`: XADDs a second of `bytes`, from
/// `publishers` connections with `outstanding` commands in flight each. 0 when
/// redis-server is not installed. Starts a server of its own and ends it.
double redis_rate(const std::filesystem::path& folder, int publishers, int outstanding, std::size_t bytes,
                  double seconds);

}  // namespace iro::bench

// hub/base/z85.hpp: CURVE keys as people pass them on (Z85, ZeroMQ RFC 32).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iro {

/// The 32 bytes of 40 characters of Z85, or nothing when they are not that.
std::optional<std::array<std::uint8_t, 32>> z85_decode_key(std::string_view text);
std::string z85_encode_key(const std::array<std::uint8_t, 32>& key);

}  // namespace iro

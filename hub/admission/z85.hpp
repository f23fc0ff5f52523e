// hub/admission/z85.hpp: CURVE keys as people pass them on (ZeroMQ RFC 32).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace iro::admission {

/// The 32 bytes of 40 characters of Z85, or nothing when they are not that.
std::optional<std::array<std::uint8_t, 32>> z85_key(std::string_view text);

}  // namespace iro::admission

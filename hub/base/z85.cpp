#include "hub/base/z85.hpp"

namespace iro {
namespace {

constexpr std::string_view digits =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
constexpr std::size_t groups = 8;  // of four bytes, in five characters

}  // namespace

std::optional<std::array<std::uint8_t, 32>> z85_decode_key(std::string_view text) {
  if (text.size() != groups * 5) return std::nullopt;
  std::array<std::uint8_t, 32> out{};
  for (std::size_t group = 0; group < groups; ++group) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      const auto digit = digits.find(text[group * 5 + i]);
      if (digit == std::string_view::npos) return std::nullopt;
      value = value * 85 + digit;
    }
    if (value > UINT32_MAX) return std::nullopt;
    for (std::size_t i = 0; i < 4; ++i) out[group * 4 + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
  return out;
}

std::string z85_encode_key(const std::array<std::uint8_t, 32>& key) {
  std::string out(groups * 5, ' ');
  for (std::size_t group = 0; group < groups; ++group) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | key[group * 4 + i];
    for (std::size_t i = 5; i-- > 0; value /= 85) out[group * 5 + i] = digits[value % 85];
  }
  return out;
}

}  // namespace iro

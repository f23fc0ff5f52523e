#include "hub/admission/z85.hpp"

namespace iro::admission {

std::optional<std::array<std::uint8_t, 32>> z85_key(std::string_view text) {
  static constexpr std::string_view digits =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
  if (text.size() != 40) return std::nullopt;
  std::array<std::uint8_t, 32> out{};
  for (std::size_t group = 0; group < 8; ++group) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      const auto digit = digits.find(text[group * 5 + i]);
      if (digit == std::string_view::npos) return std::nullopt;
      value = value * 85 + digit;
    }
    if (value > 0xFFFFFFFFULL) return std::nullopt;
    for (std::size_t i = 0; i < 4; ++i) out[group * 4 + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
  return out;
}

}  // namespace iro::admission

// hub/schema/utf8.hpp: is this text UTF-8? Everything that comes in as text is
// asked once, at the door, so that nobody behind it has to (JSON must be UTF-8).
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace iro::schema {

/// Plain ASCII, as most texts are: looks at eight bytes at a time, and at some twice.
inline bool is_ascii(std::string_view text) {
  const char* p = text.data();
  const auto load = [](const char* at, std::size_t n) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, n);
    return word;
  };
  std::uint64_t bits = 0;
  if (text.size() >= 8) {
    for (std::size_t i = 0; i + 8 <= text.size(); i += 8) bits |= load(p + i, 8);
    bits |= load(p + text.size() - 8, 8);
  } else if (text.size() >= 4) {
    bits = load(p, 4) | load(p + text.size() - 4, 4);
  } else {
    for (const char c : text) bits |= static_cast<unsigned char>(c);
  }
  return (bits & 0x8080808080808080ULL) == 0;
}

/// is_utf8() for texts that are not ASCII.
bool is_wide_utf8(std::string_view text);

/// Well-formed UTF-8 of RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
inline bool is_utf8(std::string_view text) { return is_ascii(text) || is_wide_utf8(text); }

}  // namespace iro::schema

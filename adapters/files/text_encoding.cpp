#include "adapters/files/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace iro::files {
namespace {

struct Name {
  std::string_view name;
  Encoding encoding;
};
constexpr Name names[] = {
    {"utf-8", Encoding::utf8},
    {"windows-1252", Encoding::windows_1252},
    {"iso-8859-1", Encoding::iso_8859_1},
    {"utf-16le", Encoding::utf16le},
    {"utf-16be", Encoding::utf16be},
    {"utf8", Encoding::utf8},
    {"utf-8-bom", Encoding::utf8},
    {"utf-8-sig", Encoding::utf8},
    {"cp1252", Encoding::windows_1252},
    {"ansi", Encoding::windows_1252},
    {"latin1", Encoding::iso_8859_1},
    {"latin-1", Encoding::iso_8859_1},
    {"utf16le", Encoding::utf16le},
    {"utf16be", Encoding::utf16be},
};

// Windows-1252 differs from ISO-8859-1 in 80-9F only; 0 marks the undefined ones.
constexpr std::array<std::uint16_t, 32> windows_1252_high = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

void append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

enum class Sequence : std::uint8_t { whole, cut, bad };

/// Look at the UTF-8 character at the front of `in` (not empty); `size` is its length when whole.
Sequence look(ByteView in, std::size_t& size) {
  const std::uint8_t first = in[0];
  // The second byte's range shuts out overlong forms, surrogates and what lies beyond U+10FFFF.
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (first < 0x80) {
    size = 1;
  } else if (first >= 0xC2 && first <= 0xDF) {
    size = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    size = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    size = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return Sequence::bad;
  }
  for (std::size_t i = 1; i < size; ++i) {
    if (i == in.size()) return Sequence::cut;
    if (in[i] < low || in[i] > high) return Sequence::bad;
    low = 0x80;
    high = 0xBF;
  }
  return Sequence::whole;
}

/// How many bytes at the front are plain ASCII without NUL, eight at a time.
std::size_t plain_ascii(ByteView in) {
  std::size_t n = 0;
  for (; n + 8 <= in.size(); n += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, in.data() + n, 8);
    const std::uint64_t zeros = (word - 0x0101010101010101ULL) & ~word;
    if (((word | zeros) & 0x8080808080808080ULL) != 0) break;
  }
  while (n < in.size() && in[n] != 0 && in[n] < 0x80) ++n;
  return n;
}

constexpr std::string_view nul_text = "a NUL byte: not a text, or UTF-16 without a byte-order mark";

}  // namespace

std::string_view name_of(Encoding encoding) { return std::ranges::find(names, encoding, &Name::encoding)->name; }

std::optional<Encoding> find_encoding(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  const auto* const found = std::ranges::find(names, lower, &Name::name);
  if (found == std::end(names)) return std::nullopt;
  return found->encoding;
}

ByteOrderMark find_byte_order_mark(ByteView front) {
  const auto starts = [&](std::initializer_list<std::uint8_t> mark) {
    return front.size() >= mark.size() && std::equal(mark.begin(), mark.end(), front.begin());
  };
  if (starts({0xEF, 0xBB, 0xBF})) return {Encoding::utf8, 3};
  if (starts({0xFF, 0xFE})) return {Encoding::utf16le, 2};
  if (starts({0xFE, 0xFF})) return {Encoding::utf16be, 2};
  return {};
}

Status TextDecoder::decode(ByteView in, std::string& out) {
  const std::size_t first = out.size();
  Status done;
  switch (encoding_) {
    case Encoding::utf8:
      done = decode_utf8(in, out);
      break;
    case Encoding::windows_1252:
    case Encoding::iso_8859_1:
      done = decode_single_bytes(in, out);
      break;
    case Encoding::utf16le:
    case Encoding::utf16be:
      done = decode_utf16(in, out);
      break;
  }
  lines_before_ +=
      static_cast<std::uint64_t>(std::count(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(), '\n'));
  return done;
}

Status TextDecoder::finish() const {
  if (pending_.empty() && high_ == 0) return {};
  return fail(Errc::csv_encoding, fmt::format("the text ends within a character of {}", name_of(encoding_)));
}

tl::unexpected<Error> TextDecoder::refuse(std::string_view what, std::string_view decoded) const {
  const auto line = lines_before_ + 1 + static_cast<std::uint64_t>(std::ranges::count(decoded, '\n'));
  return fail(Errc::csv_encoding, fmt::format("line {}: {}", line, what));
}

Status TextDecoder::decode_utf8(ByteView in, std::string& out) {
  const std::size_t first = out.size();
  const auto decoded = [&] { return std::string_view(out).substr(first); };
  Bytes joined;  // only where a block began within a character
  if (!pending_.empty()) {
    joined = std::move(pending_);
    pending_.clear();
    joined.insert(joined.end(), in.begin(), in.end());
    in = joined;
  }
  while (!in.empty()) {
    const std::size_t ascii = plain_ascii(in);
    out.append(reinterpret_cast<const char*>(in.data()), ascii);
    in = in.subspan(ascii);
    if (in.empty()) break;
    if (in[0] == 0) return refuse(nul_text, decoded());
    std::size_t size = 0;
    switch (look(in, size)) {
      case Sequence::whole:
        out.append(reinterpret_cast<const char*>(in.data()), size);
        in = in.subspan(size);
        break;
      case Sequence::cut:
        pending_.assign(in.begin(), in.end());
        return {};
      case Sequence::bad:
        return refuse(fmt::format("byte {:02X} is not UTF-8; if the file is from an older Windows program, "
                                  "name encoding = \"windows-1252\" in the mapping",
                                  in[0]),
                      decoded());
    }
  }
  return {};
}

Status TextDecoder::decode_single_bytes(ByteView in, std::string& out) {
  const std::size_t first = out.size();
  while (!in.empty()) {
    const std::size_t ascii = plain_ascii(in);
    out.append(reinterpret_cast<const char*>(in.data()), ascii);
    in = in.subspan(ascii);
    if (in.empty()) break;
    const std::uint8_t byte = in[0];
    in = in.subspan(1);
    std::uint32_t c = byte;
    if (byte >= 0x80 && byte < 0xA0) c = encoding_ == Encoding::windows_1252 ? windows_1252_high[byte - 0x80] : 0;
    if (c == 0) {
      const auto what = byte == 0 ? std::string(nul_text)
                                  : fmt::format("byte {:02X} is no character of {}", byte, name_of(encoding_));
      return refuse(what, std::string_view(out).substr(first));
    }
    append_utf8(out, c);
  }
  return {};
}

Status TextDecoder::decode_utf16(ByteView in, std::string& out) {
  const std::size_t first = out.size();
  for (const std::uint8_t byte : in) {
    pending_.push_back(byte);
    if (pending_.size() < 2) continue;
    const bool little = encoding_ == Encoding::utf16le;
    const auto unit = static_cast<std::uint16_t>(pending_[little ? 1 : 0] << 8 | pending_[little ? 0 : 1]);
    pending_.clear();
    if (Status taken = take_unit(unit, out); !taken)
      return refuse(taken.error().message, std::string_view(out).substr(first));
  }
  return {};
}

Status TextDecoder::take_unit(std::uint16_t unit, std::string& out) {
  const bool low = unit >= 0xDC00 && unit <= 0xDFFF;
  if (low != (high_ != 0)) return fail(Errc::csv_encoding, "half of a surrogate pair in UTF-16");
  if (low) {
    append_utf8(out, 0x10000 + (static_cast<std::uint32_t>(high_ - 0xD800) << 10) + (unit - 0xDC00U));
    high_ = 0;
  } else if (unit >= 0xD800 && unit <= 0xDBFF) {
    high_ = unit;
  } else if (unit == 0) {
    return fail(Errc::csv_encoding, "a NUL character");
  } else {
    append_utf8(out, unit);
  }
  return {};
}

}  // namespace iro::files

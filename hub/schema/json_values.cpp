// The values that JSON writes as text: formatted numbers and base64.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "hub/schema/json.hpp"
#include "hub/schema/verify.hpp"

namespace iro::schema {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto make_values() {
  std::array<std::int8_t, 256> out{};
  out.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return out;
}
constexpr auto values = make_values();

std::optional<std::int64_t> digits(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc{} || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return out;
}

/// "2026" + separator + two digits, as yyyy x 100 + the last two.
std::optional<std::int64_t> year_and(std::string_view text, std::string_view separator) {
  if (text.size() != 6 + separator.size() || text.substr(4, separator.size()) != separator) return std::nullopt;
  const auto year = digits(text.substr(0, 4));
  const auto rest = digits(text.substr(4 + separator.size()));
  if (!year || !rest) return std::nullopt;
  return *year * 100 + *rest;
}

std::optional<std::int64_t> parse_unchecked(Format format, std::string_view text) {
  switch (format) {
    case Format::none:
      return std::nullopt;
    case Format::date:
      return parse_date(text);
    case Format::week:
      return year_and(text, "-W");
    case Format::month:
      return year_and(text, "-");
    case Format::timestamp: {
      const auto time = parse_time(text);
      return time ? std::optional(time->value()) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string format_number(Format format, std::int64_t value) {
  switch (format) {
    case Format::none:
      return std::to_string(value);
    case Format::date:
      return format_date(static_cast<std::int32_t>(value));
    case Format::timestamp:
      return format_time(TimeMs(value));
    case Format::week:
      return fmt::format("{:04}-W{:02}", value / 100, value % 100);
    case Format::month:
      return fmt::format("{:04}-{:02}", value / 100, value % 100);
  }
  return {};
}

std::optional<std::int64_t> parse_number(Format format, std::string_view text) {
  const auto value = parse_unchecked(format, text);
  return value && in_range(format, *value) ? value : std::nullopt;
}

std::string to_base64(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < n ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? alphabet[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k < 4 - padding ? values[static_cast<unsigned char>(text[i + k])] : 0;
      if (value < 0) return std::nullopt;
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    for (std::size_t k = 0; k < 3 - padding; ++k) out.push_back(static_cast<std::uint8_t>(group >> (16 - 8 * k)));
    // Bits behind the last byte must be zero, or one blob would have several spellings.
    if (padding != 0 && (group & ((1U << (8 * padding)) - 1)) != 0) return std::nullopt;
  }
  return out;
}

}  // namespace iro::schema

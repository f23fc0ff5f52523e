#include "hub/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "hub/base/assert.hpp"

namespace iro {

const std::vector<ErrcInfo>& all_codes() {
  static const std::vector<ErrcInfo> codes = {
#define X(number, name, permanence, en, next, nl) {Errc::name, #name, Permanence::permanence, en, next, nl},
#include "hub/base/errc.inc"
#undef X
  };
  return codes;
}

const ErrcInfo& info(Errc code) {
  const auto& codes = all_codes();
  const auto at = std::ranges::find(codes, code, &ErrcInfo::code);
  IRO_ASSERT(at != codes.end(), "every code is in errc.inc");
  return *at;
}

std::optional<Errc> find_code(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = ec == std::errc{} && end == text.data() + text.size();
  for (const ErrcInfo& i : all_codes()) {
    if (is_number ? static_cast<std::uint16_t>(i.code) == number : i.name == text) return i.code;
  }
  return std::nullopt;
}

Errc code_from_wire(std::uint16_t number) {
  for (const ErrcInfo& i : all_codes()) {
    if (static_cast<std::uint16_t>(i.code) == number) return i.code;
  }
  return Errc::internal;
}

Error Error::within(std::string_view context) const { return {code, fmt::format("{}: {}", context, message)}; }

std::string Error::text() const { return fmt::format("{} ({}): {}", info(code).name, static_cast<int>(code), message); }

}  // namespace iro

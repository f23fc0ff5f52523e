#include "hub/bus/key_table.hpp"

#include <fmt/format.h>

#include <charconv>

namespace iro::bus {
namespace {

/// The decimal number behind `letter`, moving `text` past both.
std::optional<std::uint32_t> number_after(char letter, std::string_view& text) {
  if (text.empty() || text.front() != letter) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, ec] = std::from_chars(text.data() + 1, text.data() + text.size(), value);
  if (ec != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

KeyTable::KeyTable(const std::vector<Bus::EnrolledKey>& keys) {
  for (const auto& key : keys) {
    by_key_.emplace(as_text(key.public_key), key.principal);
    principals_.insert(key.principal);
  }
}

std::optional<Principal> KeyTable::find(ByteView public_key) const {
  const auto at = by_key_.find(std::string(as_text(public_key)));
  if (at == by_key_.end()) return std::nullopt;
  return at->second;
}

std::string user_id(const Principal& principal) {
  return fmt::format("m{}k{}", principal.member.value(), principal.key.value());
}

std::optional<Principal> parse_user_id(std::string_view text) {
  const auto member = number_after('m', text);
  const auto key = number_after('k', text);
  if (!member || !key || !text.empty()) return std::nullopt;
  return Principal{MemberNo(*member), KeyNo(*key)};
}

}  // namespace iro::bus

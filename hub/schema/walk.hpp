// hub/schema/walk.hpp: reading a payload that verify() has accepted, by plan.
// Nothing here checks anything: that was done at the door.
#pragma once

#include <cstring>

#include "hub/base/bytes.hpp"
#include "hub/schema/plan.hpp"

namespace iro::schema {

template <typename T>
T load(const std::uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

inline const std::uint8_t* follow(const std::uint8_t* reference) { return reference + load<std::uint32_t>(reference); }
inline const std::uint8_t* root_of(ByteView payload) { return follow(payload.data()); }

/// Where field `slot` of the table lies, or null when it is absent.
inline const std::uint8_t* field_at(const std::uint8_t* table, std::size_t slot) {
  const std::uint8_t* vtable = table - load<std::int32_t>(table);
  const std::size_t entry = 4 + 2 * slot;
  if (entry >= load<std::uint16_t>(vtable)) return nullptr;
  const auto offset = load<std::uint16_t>(vtable + entry);
  return offset == 0 ? nullptr : table + offset;
}

/// The text or blob that `reference` refers to.
inline ByteView bytes_at(const std::uint8_t* reference) {
  const std::uint8_t* at = follow(reference);
  return {at + 4, load<std::uint32_t>(at)};
}
inline std::string_view text_at(const std::uint8_t* reference) { return as_text(bytes_at(reference)); }

/// The elements of a list stand one behind the other.
struct ListView {
  const std::uint8_t* first = nullptr;
  std::uint32_t size = 0;
  std::size_t stride = 0;
  [[nodiscard]] const std::uint8_t* at(std::uint32_t i) const { return first + i * stride; }
};
inline ListView list_at(const std::uint8_t* reference, Kind element) {
  const std::uint8_t* at = follow(reference);
  return {at + 4, load<std::uint32_t>(at), inline_size(element)};
}

/// A whole number of any width, sign-extended.
inline std::int64_t integer_at(const std::uint8_t* at, Kind kind) {
  switch (kind) {
    case Kind::i8:
      return load<std::int8_t>(at);
    case Kind::i16:
      return load<std::int16_t>(at);
    case Kind::u16:
      return load<std::uint16_t>(at);
    case Kind::i32:
      return load<std::int32_t>(at);
    case Kind::u32:
      return load<std::uint32_t>(at);
    case Kind::i64:
    case Kind::u64:
      return load<std::int64_t>(at);
    default:
      return *at;
  }
}

}  // namespace iro::schema

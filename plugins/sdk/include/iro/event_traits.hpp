// iro/event_traits.hpp: what is known of an event type when a plugin is compiled.
//
// `iro/events/<subject>.hpp` specialises EventTraits for each event table of
// `<subject>.fbs`; it is written from the schema (cmake/plugin/event_headers.cmake),
// so that a type name never has to be typed by hand.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <concepts>
#include <cstdint>
#include <string_view>

namespace iro {
inline namespace sdk {

/// Specialised for event tables only:
///   type      "nl.placements.handover.requested.v1"
///   revision  of the schema that was compiled in
///   subject(table), person(table): the fields that the schema names so; "" without one
template <typename Table>
struct EventTraits;

template <typename Table>
concept EventTable = requires(const Table& table) {
  { EventTraits<Table>::type } -> std::convertible_to<std::string_view>;
  { EventTraits<Table>::person(table) } -> std::same_as<std::string_view>;
};

/// A text field of a payload; "" when it is absent.
inline std::string_view str(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->c_str(), text->size());
}

}  // namespace sdk
}  // namespace iro

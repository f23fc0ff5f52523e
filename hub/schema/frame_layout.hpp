// hub/schema/frame_layout.hpp: the 16 bytes before the FlatBuffer of a frame
// (docs/protocol.md, permanent). Shared by the two halves of the codec.
#pragma once

#include <cstring>
#include <span>
#include <type_traits>

#include "hub/schema/frames.hpp"

namespace iro::wire {

inline constexpr std::size_t header_bytes = 16;  // keeps what follows aligned as the frame is
inline constexpr std::size_t payload_alignment = 8;
inline constexpr char magic[4] = {'I', 'R', 'O', '1'};

inline void write_header(std::span<std::uint8_t> frame, Verb verb, SessionEpoch epoch) {
  std::memcpy(frame.data(), magic, sizeof magic);
  frame[4] = major_version;
  frame[5] = static_cast<std::uint8_t>(verb);
  frame[6] = frame[7] = 0;
  const std::uint64_t number = epoch.value();
  std::memcpy(frame.data() + 8, &number, sizeof number);
}

/// The alternatives of Body stand in the order of the verbs, from 1.
inline Verb verb_of(const Body& body) { return static_cast<Verb>(body.index() + 1); }
static_assert(std::variant_size_v<Body> == static_cast<std::size_t>(Verb::error));
static_assert(std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(Verb::deliver) - 1, Body>, Deliver>);
static_assert(std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(Verb::answer) - 1, Body>, Answer>);

}  // namespace iro::wire

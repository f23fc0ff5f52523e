// adapters/client/sealed_event.hpp: the sealed document that an event carries,
// found in the CloudEvent as the hub shows it.
//
// Every type with a sealed document has it in the field `content`; who sealed it
// and for whom stands in the payload's parties, under names that differ from
// type to type. Pure.
#pragma once

#include <string>
#include <string_view>

#include "adapters/client/sealing.hpp"

namespace iro::client {

inline constexpr std::string_view sealed_field = "content";

struct SealedEvent {
  SealedIn in;
  SealedDocument sealed;
  std::string sender;  // slug; "" when the payload names none
};

/// Fails with payload_invalid when the event has no sealed document.
Result<SealedEvent> read_sealed_event(std::string_view cloud_event);

/// The recipient that a payload (JSON) names, or "".
std::string recipient_in(std::string_view payload);

/// A sender's name for a file is a wish: its last part, without control characters, never a hidden file.
std::string safe_file_name(std::string_view wish);

}  // namespace iro::client

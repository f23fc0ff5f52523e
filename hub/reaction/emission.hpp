// hub/reaction/emission.hpp: what follows from an event: what a plugin may say to it, and how that becomes an event.
// The same for the hub and for a replay. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "hub/base/error.hpp"
#include "hub/reaction/plugin.hpp"
#include "hub/schema/registry.hpp"

namespace iro::reaction {

/// Only the hub says these, and no plugin is asked whether it may.
inline constexpr std::string_view hub_types = "nl.placements.hub.";
/// What the hub says of what plugins say: one of their events is refused; a held one is; their words on an event.
inline constexpr std::string_view refused_type = "nl.placements.hub.refused.v1";
inline constexpr std::string_view held_refused_type = "nl.placements.hub.held-refused.v1";
inline constexpr std::string_view explained_type = "nl.placements.hub.rule-explained.v1";

/// Why the plugin may not say `emit` to an event with this hop: unknown_type, missing_grant (not declared, or the hub's
/// own), payload_invalid, hop_limit; ok when it may.
Errc refusal_of(const PluginSpec& spec, const schema::Registry& registry, const Emit& emit, std::uint8_t hop);

/// The event that follows from `cause`, under an id that a replay derives again. `maker` is the plugin's id, or
/// "hub/..." for what the hub says itself (no id of a plugin has a slash). Its recordedtime is not set, and its subject
/// is the payload's.
std::shared_ptr<schema::Event> following_event(std::string_view maker, std::string_view hub_oin,
                                               const schema::EventView& cause, std::uint32_t ordinal,
                                               const schema::EventType& type, Bytes payload);

/// The plugin that an event of this source follows from; empty when it is a member's, or the hub's own word.
std::string_view maker_of(std::string_view source, std::string_view hub_oin);

}  // namespace iro::reaction

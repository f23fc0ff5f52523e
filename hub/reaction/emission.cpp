#include "hub/reaction/emission.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/base/limits.hpp"

namespace iro::reaction {
namespace {

/// In front of a plugin's id in the source of what it says.
std::string plugin_source(std::string_view hub_oin) { return fmt::format("urn:nld:oin:{}:systeem:plugin-", hub_oin); }

}  // namespace

Errc refusal_of(const PluginSpec& spec, const schema::Registry& registry, const Emit& emit, std::uint8_t hop) {
  const schema::EventType* type = registry.find(emit.type);
  if (type == nullptr) return Errc::unknown_type;
  if (std::ranges::find(spec.emits, emit.type) == spec.emits.end() || emit.type.starts_with(hub_types))
    return Errc::missing_grant;
  if (!registry.verify(*type, emit.payload)) return Errc::payload_invalid;
  return hop >= limits::hop ? Errc::hop_limit : Errc::ok;
}

std::shared_ptr<schema::Event> following_event(std::string_view maker, std::string_view hub_oin,
                                               const schema::EventView& cause, std::uint32_t ordinal,
                                               const schema::EventType& type, Bytes payload) {
  auto made = std::make_shared<schema::Event>();
  made->id = derive_event_id(maker, cause.id, ordinal);
  made->type = type.name;
  made->revision = type.revision;
  made->source = maker.starts_with("hub/") ? fmt::format("urn:nld:oin:{}:systeem:hub", hub_oin)
                                           : plugin_source(hub_oin).append(maker);
  made->time = cause.time;
  made->correlationid = cause.correlationid.is_zero() ? cause.id : cause.correlationid;
  made->causationid = cause.id;
  made->hop = static_cast<std::uint8_t>(std::min<int>(cause.hop + 1, limits::hop));
  made->payload = std::move(payload);
  return made;
}

std::string_view maker_of(std::string_view source, std::string_view hub_oin) {
  const std::string prefix = plugin_source(hub_oin);
  return source.starts_with(prefix) ? source.substr(prefix.size()) : std::string_view();
}

}  // namespace iro::reaction

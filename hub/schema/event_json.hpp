// hub/schema/event_json.hpp: whole events as structured-mode CloudEvents 1.0
// (NL GOV profile), and back.
//
// An `id` that is a UUID is the event's id; any other is kept as its foreign id.
// An attribute that the hub would have to drop is refused, except those that
// only describe the transport (sequence, sequencetype, dataschema, tracestate).
#pragma once

#include "hub/schema/registry.hpp"

namespace iro::schema {

Result<std::string> event_to_json(const Registry& registry, const EventView& event);
Result<Event> event_from_json(const Registry& registry, std::string_view json);

}  // namespace iro::schema

// hub/schema/attributes.hpp: our attributes of the .fbs, read from reflection data and checked word by word.
#pragma once

#include <flatbuffers/reflection_generated.h>

#include "hub/schema/plan.hpp"

namespace iro::schema {

using AttributeList = flatbuffers::Vector<flatbuffers::Offset<reflection::KeyValue>>;

/// The value of an attribute ("" for a bare one), or nothing when it is not there.
std::optional<std::string> attribute(const AttributeList* list, std::string_view name);
/// The doc comment, one line.
std::string comment_of(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* lines);

/// Everything that the attributes of an event's table say: fills name, revision,
/// routing, gate, retention, roles and labels.
Result<EventType> read_event_attributes(const reflection::Object& object);
/// A table that is no event has no attributes of ours but labels.
Status check_table_attributes(const reflection::Object& object);

/// The attributes of a field, checked against its kind.
struct FieldAttributes {
  bool subject = false;
  bool person = false;
  bool party = false;
  bool personal = false;
  bool special_category = false;
  bool identifier = false;
  bool gate_key = false;
  bool speaker = false;
  bool until = false;
  Format format = Format::none;
};
Result<FieldAttributes> read_field_attributes(const reflection::Field& field, Kind kind, Kind element);

/// What the attributes of an event's table and of its fields must not say together.
Status check_together(const EventType& type);

}  // namespace iro::schema

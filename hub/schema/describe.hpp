// hub/schema/describe.hpp: the catalogue of event types, for people and for programs.
#pragma once

#include "hub/schema/plan.hpp"

namespace iro::schema {

/// A page of plain text; lang is "nl" or "en" (anything else reads as "en").
std::string describe_type(const EventType& type, std::string_view lang);
std::string describe_type_json(const EventType& type);

}  // namespace iro::schema

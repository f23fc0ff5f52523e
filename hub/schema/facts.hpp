// hub/schema/facts.hpp: what routing and the detector read of a verified payload.
#pragma once

#include "hub/schema/plan.hpp"

namespace iro::schema {

Facts facts_of(const EventType& type, ByteView payload);
void visit_texts_of(const TypePlan& plan, ByteView payload, const TextVisitor& visit);

}  // namespace iro::schema

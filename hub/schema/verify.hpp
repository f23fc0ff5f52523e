// hub/schema/verify.hpp: is this payload a well-formed buffer of its type?
//
// As strict as FlatBuffers' own verifier and stricter: texts must be UTF-8,
// enums known, numbers with a format in range, floats finite, and there may be
// no field that the plan does not have. Bounded in depth, tables and bytes
// visited, so that references to one place from many cannot multiply.
#pragma once

#include "hub/schema/plan.hpp"

namespace iro::schema {

enum class Strictness : std::uint8_t {
  full,    // what a member publishes
  masked,  // required fields may be absent when they are hidden from masked readers
};

Status verify_payload(const TypePlan& plan, ByteView payload, Strictness strictness);

/// The values that a number with a format may have; 0 stands for "not given".
bool in_range(Format format, std::int64_t value);

}  // namespace iro::schema

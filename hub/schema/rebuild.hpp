// hub/schema/rebuild.hpp: making a payload by plan: from another payload without
// what is hidden (mask), or from JSON.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include "hub/schema/plan.hpp"

namespace iro::schema {

/// One field of a table that is being made: a number's bits, or the place of what it refers to.
struct Slot {
  bool given = false;
  std::uint64_t bits = 0;
};

/// Write a table of `plan` with the slots given, numbers also when they are 0.
flatbuffers::uoffset_t write_table(flatbuffers::FlatBufferBuilder& b, const TablePlan& plan,
                                   const std::vector<Slot>& slots);
/// Write a list of numbers or references (text, table) of `element`.
flatbuffers::uoffset_t write_list(flatbuffers::FlatBufferBuilder& b, Kind element,
                                  const std::vector<std::uint64_t>& bits);
/// The finished payload with this root.
Bytes finish(flatbuffers::FlatBufferBuilder& b, flatbuffers::uoffset_t root);

/// `payload`, verified, without its hidden fields.
Bytes masked_copy(const TypePlan& plan, ByteView payload);

}  // namespace iro::schema

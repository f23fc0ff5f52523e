// plugins/scenario/outcome_text.hpp: what a plugin answered, as lines that people can compare.
//
// Everything that counts stands in it, and nothing that differs from run to run
// (the item's number). Two answers are the same if and only if their texts are. Pure.
#pragma once

#include <string>

#include "hub/reaction/plugin.hpp"
#include "hub/schema/registry.hpp"

namespace iro::scenario {

std::string outcome_text(const reaction::Outcome& outcome, const schema::Registry& types);

/// Bytes as a person can read them: printable ones as they are, the others as \xNN.
std::string readable(ByteView bytes);

}  // namespace iro::scenario

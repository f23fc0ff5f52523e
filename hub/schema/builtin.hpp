// hub/schema/builtin.hpp: the .bfbs files that this build brings. The
// definition is generated (schemas/embed.cmake) from schemas/*.fbs.
#pragma once

#include <span>
#include <string_view>

#include "hub/base/bytes.hpp"

namespace iro::schema {

struct EmbeddedFile {
  std::string_view name;  // "vacancy.bfbs"
  ByteView bytes;
};

/// In the order of their names.
std::span<const EmbeddedFile> builtin_schemas();

}  // namespace iro::schema

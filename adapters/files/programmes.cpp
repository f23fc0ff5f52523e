#include "adapters/files/programmes.hpp"

#include <toml++/toml.h>

#include "adapters/files/builtin_mapping_texts.hpp"

namespace iro::files {

ProgrammeList ProgrammeList::builtin() {
  return ProgrammeList({});
}

}  // namespace iro::files

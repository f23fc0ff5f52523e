// adapters/cli/member_add.hpp: `iro member add`, for one member and for a whole region.
#pragma once

#include "adapters/cli/command.hpp"
#include "adapters/cli/enrolment.hpp"

namespace iro::cli {

void add_member_add(CLI::App& member, Context& context);

}  // namespace iro::cli

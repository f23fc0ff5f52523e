// adapters/cli/member_invite.hpp: `iro member invite`: somebody comes in who makes its own keys.
#pragma once

#include "adapters/cli/command.hpp"

namespace iro::cli {

void add_member_invite(CLI::App& member, Context& context);

}  // namespace iro::cli

// tests/support/iro_command.hpp: `iro`, run as people run it.
#pragma once

#include <string>
#include <vector>

#include "tests/support/run_program.hpp"

namespace iro::test {

/// `iro` with these arguments; waits for its end. Throws when it cannot be started.
Ran iro_command(std::vector<std::string> arguments);

}  // namespace iro::test

// tests/support/iro_command.hpp: `iro`, run as people run it.
#pragma once

#include <string>
#include <vector>

namespace iro::test {

struct Ran {
  int code = -1;       // 128 when a signal ended it
  std::string output;  // both streams
};
/// `iro` with these arguments; waits for its end. Throws when it cannot be started.
Ran iro_command(std::vector<std::string> arguments);

}  // namespace iro::test

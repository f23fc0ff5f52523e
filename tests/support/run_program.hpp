// tests/support/run_program.hpp: a program, run as people run it.
#pragma once

#include <string>
#include <vector>

namespace iro::test {

struct Ran {
  int code = -1;       // 128 when a signal ended it
  std::string output;  // both streams
};
/// The program at `path` with these arguments; waits for its end. Throws when it cannot be started.
Ran run_program(const std::string& path, std::vector<std::string> arguments);

}  // namespace iro::test

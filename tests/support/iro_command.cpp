#include "tests/support/iro_command.hpp"

namespace iro::test {

Ran iro_command(std::vector<std::string> arguments) { return run_program(IRO_PATH, std::move(arguments)); }

}  // namespace iro::test

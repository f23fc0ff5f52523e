#include <fmt/format.h>

#include "plugins/tool/commands.hpp"
#include "plugins/tool/new_project.hpp"
#include "plugins/tool/places.hpp"

namespace iro::tool {

Result<int> run(const NewCommand& command) {
  const auto templ = rule_template();
  if (!templ) return fail(templ.error());
  const std::filesystem::path folder = command.dir.empty() ? std::filesystem::path(command.name) : command.dir;
  if (const Status made = new_project(*templ, command.name, folder); !made) return fail(made.error());
  fmt::print("{} is a complete plugin. Build, check and test it:\n\n  cd {}\n  cmake --workflow --preset dev\n",
             folder.string(), folder.string());
  return 0;
}

}  // namespace iro::tool

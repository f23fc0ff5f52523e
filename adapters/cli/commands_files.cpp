// files: the adapter for files of schools and providers (adapters/files), where this build has it.
#include "adapters/cli/command.hpp"

#ifdef IRO_HAVE_FILES
#include "adapters/files/commands.hpp"
#endif

namespace iro::cli {

#ifdef IRO_HAVE_FILES
#else
void add_files_commands(CLI::App&, Context&) {}
#endif

}  // namespace iro::cli

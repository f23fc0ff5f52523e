#include "adapters/cli/command.hpp"

namespace iro::cli {

CLI::App& add_command(CLI::App& parent, const Context& context, const std::string& name, Text about,
                      std::string_view examples) {
  CLI::App& app = *parent.add_subcommand(name, context.text(about));
  app.group(context.text(Text::group_commands));
  if (!examples.empty()) {
    std::string footer = context.text(Text::examples);
    while (!examples.empty()) {
      const std::size_t end = std::min(examples.find('\n'), examples.size());
      footer += "\n  " + std::string(examples.substr(0, end));
      examples.remove_prefix(std::min(end + 1, examples.size()));
    }
    app.footer(footer);
  }
  return app;
}

}  // namespace iro::cli

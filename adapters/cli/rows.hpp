// adapters/cli/rows.hpp: how commands show a list that the hub gave, and that it did what it was told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/cli/command.hpp"

namespace iro::cli {

/// Ask for a view and print its rows with these fields as columns; JSON where --json asks for it.
Result<int> print_rows(Context& context, std::string_view view, std::vector<std::string> fields);

/// A command's answer: how many things were done, {"done": N}; JSON where --json asks for it.
void print_done(const Context& context, const json::value& answer);

}  // namespace iro::cli

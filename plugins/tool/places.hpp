// plugins/tool/places.hpp: where this program finds what it needs, in an installation and in a build tree.
//
// Everything is looked for relative to the program, so that an SDK works in any
// prefix. Errors are Errc::not_found, and name the places that were tried.
#pragma once

#include <filesystem>

#include "hub/base/error.hpp"

namespace iro::tool {

/// iro-plugin-host: beside this program, or PREFIX/lib/iro-plugin-dev.
Result<std::filesystem::path> plugin_host();
/// The template of a new rule: PREFIX/share/iro/template; a build tree has a copy at the same place.
Result<std::filesystem::path> rule_template();

}  // namespace iro::tool

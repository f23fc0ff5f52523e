// plugins/tool/new_project.hpp: the template with an author's name in the place of its own.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "hub/base/error.hpp"

namespace iro::tool {

/// Why a plugin cannot have this name; "" when it can.
std::string wrong_name(std::string_view name);
/// `text` with `my-rule`, `my_rule`, `MyRule` and its titles replaced by the spellings of `name`.
std::string renamed(std::string_view text, std::string_view name);
/// Copies the template to `folder`, which must not be there. Fails with invalid_argument, exists or io.
Status new_project(const std::filesystem::path& templ, std::string_view name, const std::filesystem::path& folder);

}  // namespace iro::tool

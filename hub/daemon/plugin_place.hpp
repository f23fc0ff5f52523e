// hub/daemon/plugin_place.hpp: puts a version of a plugin in the place of another, and back.
//
//   plugins/ID        the version in force
//   plugins/.ID.old   the one before, for the way back
//   plugins/.ID.new   being copied; or on its way into place
//   plugins/.ID.back  the one that a way back takes away
//
// What lies in .ID.new is on disk before anything is renamed, and no step
// removes the version in force before the next one is complete. A crash between
// two steps leaves a state that mend() finishes or undoes; irod calls it before
// it reads the folder, and so does every function here. One process at a time.
#pragma once

#include <filesystem>
#include <string>

#include "hub/base/error.hpp"

namespace iro::daemon {

/// Copies the folder `from` into `plugins`/`id`. What is there becomes the way back.
/// Fails with io, naming the file; then the version in force is the one before.
Status put_plugin(const std::filesystem::path& plugins, const std::string& id, const std::filesystem::path& from);

/// Exchanges the version in force and the one before. Fails with not_found when there is none.
Status put_plugin_back(const std::filesystem::path& plugins, const std::string& id);

/// Ends what a crash has interrupted. Without one it changes nothing; a folder that is not there is none.
Status mend_plugins(const std::filesystem::path& plugins);

}  // namespace iro::daemon

// adapters/cli/plugin_view.hpp: the views of plugins, drawn for people. The forms of each kind stand in
// docs/plugin-authors/views.md; what does not have its kind's form is printed as it came.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "adapters/cli/texts.hpp"

namespace iro::cli {

/// An answer of `plugin/ID/VIEW`: {"kind", "nl", "en", "data"}. Pure; everything goes through clean().
std::string drawn(const boost::json::object& answer, const Texts& texts);

}  // namespace iro::cli

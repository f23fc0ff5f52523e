// adapters/cli/plot.hpp: a plugin's timeline or chart as a picture (SVG 1.1), for reports and screens.
//
// The forms of `data` are those of docs/plugin-authors/views.md. No scripts, no
// fonts of our own, nothing from outside: the file can be opened anywhere.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "adapters/cli/texts.hpp"
#include "hub/base/error.hpp"

namespace iro::cli {

/// An answer of `plugin/ID/VIEW` of the kind timeline or chart. Fails with invalid_argument for another kind, and for
/// data that has not its kind's form. At most 500 bars: what is beyond is left out, and the picture says so.
Result<std::string> plotted(const boost::json::object& answer, const Texts& texts);

}  // namespace iro::cli

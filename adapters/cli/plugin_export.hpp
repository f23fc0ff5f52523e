// adapters/cli/plugin_export.hpp: what a plugin failed on, as a scenario file for its author.
//
// Built from the hub's answer to "quarantine", in which names, typed texts and
// documents are references already. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace iro::cli {

/// `why`: the hub's words for the failure; "" when it is not told. Throws what boost.JSON throws for an answer that is
/// none.
std::string scenario_of(const std::string& plugin, const std::string& why, const boost::json::object& quarantine);

}  // namespace iro::cli

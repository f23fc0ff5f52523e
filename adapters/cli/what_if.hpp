// adapters/cli/what_if.hpp: a what-if over a hub's folder: carried out, and shown.
//
// Only reads, and works beside a running irod as well as without one.
#pragma once

#include "adapters/cli/context.hpp"
#include "hub/log/witness.hpp"
#include "hub/whatif/report.hpp"

namespace iro::cli {

struct WhatIfOptions {
  fs::path hub;     // the hub's folder; empty: --hub
  fs::path plugin;  // the folder that holds plugin.toml, or the object beside it
  fs::path config;
  std::string since;
  std::string until;
  std::size_t examples = 5;
  bool from_the_beginning = false;
};

struct WhatIf {
  whatif::Report report;
  Seq head_position;  // afterwards: the hub may have gone on
  Hash head{};
  std::int64_t took_ms = 0;
};

/// Fails with config_invalid when the hub would not start with the plugin, or the plugin does not start;
/// with corrupt when the log's head is not what it was before.
Result<WhatIf> what_if(Context& context, const WhatIfOptions& o);

json::object what_if_json(const WhatIf& done);
void print_what_if(const Context& context, const WhatIf& done);

}  // namespace iro::cli

// wanted: a type under `reacts` in plugin.toml \(see place_in_reacts\) has no handler
#include "rule.hpp"

constinit const iro_entry entry = iro::plugin<Rule>().on<&Rule::registered>().entry<Manifest>("a", "1.0.0");

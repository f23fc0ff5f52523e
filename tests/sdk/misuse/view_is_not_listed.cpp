// wanted: does not stand under \[\[view\]\] in plugin.toml
#include "rule.hpp"

constinit const iro_entry entry =
    iro::plugin<Rule>().on<&Rule::registered>().on<&Rule::changed>().view<"shown", &Rule::shown>().entry<Manifest>(
        "a", "1.0.0");

// wanted: list its event type under `judges` in plugin.toml
#include "rule.hpp"

constinit const iro_entry entry =
    iro::plugin<Rule>().on<&Rule::registered>().on<&Rule::judges_changed>().entry<Manifest>("a", "1.0.0");

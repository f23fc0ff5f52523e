// wanted: nothing, it compiles
#include "rule.hpp"

constinit const iro_entry entry =
    iro::plugin<Rule>().on<&Rule::registered>().on<&Rule::changed>().entry<Manifest>("a", "1.0.0");

// wanted: behind what it is for, a handler takes
#include "rule.hpp"

constinit const iro_entry entry =
    iro::plugin<Rule>().on<&Rule::registered>().on<&Rule::odd>().entry<Manifest>("a", "1.0.0");

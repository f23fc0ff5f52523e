// wanted: a handler is const
#include "rule.hpp"

constinit const iro_entry entry =
    iro::plugin<Rule>().on<&Rule::registered>().on<&Rule::forgets>().entry<Manifest>("a", "1.0.0");

// wanted: a handler's first parameter is a const reference
#include "rule.hpp"

constinit const iro_entry entry =
    iro::plugin<Rule>().on<&Rule::registered>().on<&Rule::by_value>().entry<Manifest>("a", "1.0.0");

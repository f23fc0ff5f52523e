// wanted: two handlers judge the same event type
#include "rule.hpp"

constinit const iro_entry entry =
    iro::plugin<Rule>().on<&Rule::registered>().on<&Rule::again>().on<&Rule::changed>().entry<Manifest>("a", "1.0.0");

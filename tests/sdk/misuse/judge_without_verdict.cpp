// wanted: has no handler that returns a Verdict
#include "rule.hpp"

constinit const iro_entry entry =
    iro::plugin<Rule>().on<&Rule::only_reacts>().on<&Rule::changed>().entry<Manifest>("a", "1.0.0");

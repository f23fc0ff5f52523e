// wanted: a handler returns iro::Verdict \(it judges\) or void \(it reacts\)
#include "rule.hpp"

constinit const iro_entry entry =
    iro::plugin<Rule>().on<&Rule::registered>().on<&Rule::number>().entry<Manifest>("a", "1.0.0");

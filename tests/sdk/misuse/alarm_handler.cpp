// wanted: an alarm's handler is
#include "rule.hpp"

constinit const iro_entry entry = iro::plugin<Rule>()
                                      .on<&Rule::registered>()
                                      .on<&Rule::changed>()
                                      .alarm<&Rule::alarm, &Rule::rings>()
                                      .entry<Manifest>("a", "1.0.0");

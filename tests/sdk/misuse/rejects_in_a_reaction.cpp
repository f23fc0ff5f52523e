// wanted: has no member named .reject
#include "rule.hpp"

void f(iro::Effects& effects) { effects.reject("no", {.nl = "x", .en = "x"}); }

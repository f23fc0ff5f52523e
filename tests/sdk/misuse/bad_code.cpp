// wanted: a code is made of \[a-z0-9_\]
#include "rule.hpp"

iro::Verdict no() { return iro::reject("Too long", {.nl = "x", .en = "x"}); }

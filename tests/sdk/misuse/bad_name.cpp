// wanted: a name is made of \[a-z0-9_.\]
#include "rule.hpp"

const iro::State<int> state{"My State"};

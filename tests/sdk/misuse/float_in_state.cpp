// wanted: state holds no floating point
#include "rule.hpp"

std::string bytes() { return iro::archive::encode(1.5); }

// wanted: state holds no pointer
#include "rule.hpp"

std::string bytes(const char* text) { return iro::archive::encode(text); }

// wanted: structs with `void fields
#include "rule.hpp"

struct Plain {
  int a;
};
std::string bytes() { return iro::archive::encode(Plain{1}); }

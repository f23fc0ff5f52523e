// wanted: cannot convert .const iro::.*View|invalid initialization of reference of type .iro::.*Effects
#include "rule.hpp"

void f(const iro::View& view) { iro::State<int>("n").put(view, "k", 1); }

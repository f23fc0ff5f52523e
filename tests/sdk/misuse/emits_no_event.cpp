// wanted: no matching function for call to
#include "rule.hpp"

void f(iro::Effects& effects) { effects.emit(iro::events::NeedT{}); }

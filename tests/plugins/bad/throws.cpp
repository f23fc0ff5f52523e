// Breaks: nothing is thrown across the boundary.
#include <stdexcept>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  state->put(call, bytes_of("k"), bytes_of("v"), text_of(""));
  throw std::runtime_error("across");
}
BAD_PLUGIN("throws");

/* Breaks: an event comes to an end. It asks for its state, key after key, and never stops. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  for (unsigned n = 0;; ++n) {
    iro_bytes value;
    state->get(call, (iro_bytes){&n, sizeof n}, &value);
  }
}
BAD_PLUGIN("asks-for-ever");

/* Breaks: an event is handled within event_ms. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  for (volatile int go = 1; go;) go = 1;
  return IRO_OK;
}
BAD_PLUGIN("endless-loop");

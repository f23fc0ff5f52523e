/* Breaks: an event is handled or refused, but the process stays. The first two are handled. */
#include "bad.h"

static int seen;
BAD_ON_EVENT {
  BAD_UNUSED;
  if (++seen == 3) *(volatile int*)8 = 1;
  return IRO_OK;
}
BAD_PLUGIN("crash-on-event");

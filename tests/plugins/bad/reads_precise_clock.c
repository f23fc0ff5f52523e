/* Breaks: no clock but now_ms. This one measures. */
#include <time.h>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return state->put(call, bytes_of("now"), (iro_bytes){&now, sizeof now}, text_of(""));
}
BAD_PLUGIN("reads-precise-clock");

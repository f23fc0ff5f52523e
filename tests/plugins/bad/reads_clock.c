/* Breaks: no clock but now_ms. This one looks at the time of day in the cheap way, which needs no system call. */
#include <time.h>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  const time_t now = time(NULL); /* style: wall-clock, because that is what it does wrong */
  return state->put(call, bytes_of("now"), (iro_bytes){&now, sizeof now}, text_of(""));
}
BAD_PLUGIN("reads-clock");

/* Breaks: no clock but now_ms. This one asks the system itself for the coarsest there is. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  struct timespec now;
  if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, &now) != 0) return tell(call, "refused");
  return state->put(call, bytes_of("now"), (iro_bytes){&now, sizeof now}, text_of(""));
}
BAD_PLUGIN("asks-for-clock");

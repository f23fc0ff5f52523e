/* Breaks: no clock but now_ms. This one asks the processor. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
#if defined(__x86_64__)
  const unsigned long long now = __builtin_ia32_rdtsc();
#else
  const unsigned long long now = 0;
  return IRO_FAILED;
#endif
  return state->put(call, bytes_of("now"), (iro_bytes){&now, sizeof now}, text_of(""));
}
BAD_PLUGIN("reads-tsc");

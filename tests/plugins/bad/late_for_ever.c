/* Breaks nothing that the host can see: each event takes long, and none too long. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  for (volatile unsigned n = 20000000; n;) --n;
  return IRO_OK;
}
BAD_PLUGIN("late-for-ever");

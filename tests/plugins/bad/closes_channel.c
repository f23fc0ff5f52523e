/* Breaks: fd 3 is the host's. */
#include <unistd.h>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  close(3);
  for (volatile int go = 1; go;) go = 1;
  return IRO_OK;
}
BAD_PLUGIN("closes-channel");

/* Breaks: what a plugin is shown is read-only. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  ((char*)(uintptr_t)event->payload.data)[0] = 'x';
  return IRO_OK;
}
BAD_PLUGIN("writes-input");

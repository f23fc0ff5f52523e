/* Breaks: at most IRO_EMITS_PER_EVENT events on one event. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  for (int n = 0; n < 10000; ++n) emits->emit(call, event->type, event->payload);
  return IRO_OK;
}
BAD_PLUGIN("emit-storm");

/* Breaks, with ping: an answer ends. Alone it does no harm: it closes a risk that was escalated. */
#include "bad.h"

BAD_ON_EVENT {
  (void)self;
  return emits->emit(call, text_of("nl.placements.risk.closed.v1"), event->payload);
}
BAD_PLUGIN("pong");

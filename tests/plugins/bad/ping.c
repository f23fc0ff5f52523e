/* Breaks, with pong: an answer ends. Alone it does no harm: it says that a risk that was closed is escalated. */
#include "bad.h"

BAD_ON_EVENT {
  (void)self;
  return emits->emit(call, text_of("nl.placements.risk.escalated.v1"), event->payload);
}
BAD_PLUGIN("ping");

/* Breaks, with pong: an answer ends. Alone it does no harm: it says that a place that was opened has changed. */
#include "bad.h"

BAD_ON_EVENT {
  (void)self;
  if (event->kind != IRO_EVENT) return IRO_OK;
  return emits->emit(call, text_of("nl.placements.vacancy.changed.v1"), event->payload);
}
BAD_PLUGIN("ping");

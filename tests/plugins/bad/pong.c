/* Breaks, with ping: an answer ends. Alone it does no harm: it opens a place that has changed. */
#include "bad.h"

BAD_ON_EVENT {
  (void)self;
  if (event->kind != IRO_EVENT) return IRO_OK;
  return emits->emit(call, text_of("nl.placements.vacancy.opened.v1"), event->payload);
}
BAD_PLUGIN("pong");

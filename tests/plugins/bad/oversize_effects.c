/* Breaks: keys, values and notes have limits. What the host answers is ignored. */
#include "bad.h"

static char big[IRO_EFFECT_BYTES * 2];

BAD_ON_EVENT {
  BAD_UNUSED;
  state->put(call, (iro_bytes){big, IRO_KEY_BYTES + 1}, bytes_of("v"), text_of(""));
  state->put(call, (iro_bytes){big, sizeof big}, bytes_of("v"), text_of(""));
  state->put(call, bytes_of("k"), (iro_bytes){big, IRO_VALUE_BYTES + 1}, text_of(""));
  state->put(call, bytes_of("k"), (iro_bytes){NULL, 8}, text_of(""));
  emits->emit(call, event->type, (iro_bytes){big, sizeof big});
  explains->explain(call, (iro_text){big, sizeof big}, text_of("x"));
  explains->explain(call, (iro_text){"\xff\xfe", 2}, text_of("x"));
  return IRO_OK;
}
BAD_PLUGIN("oversize-effects");

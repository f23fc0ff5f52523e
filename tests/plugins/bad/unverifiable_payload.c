/* Breaks: a payload is a FlatBuffer of its type. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  char bytes[4096];
  if (event->payload.size > sizeof bytes) return IRO_FAILED;
  memcpy(bytes, event->payload.data, event->payload.size);
  memset(bytes, 0xff, 4); /* the root table is somewhere else */
  emits->emit(call, event->type, (iro_bytes){bytes, event->payload.size});
  emits->emit(call, event->type, (iro_bytes){event->payload.data, event->payload.size / 2});
  emits->emit(call, event->type, (iro_bytes){NULL, 0});
  return IRO_OK;
}
BAD_PLUGIN("unverifiable-payload");

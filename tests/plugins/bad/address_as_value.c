/* Breaks: no address in what it says. Two processes give two answers. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  const void* where = malloc(64);
  return state->put(call, bytes_of("where"), (iro_bytes){&where, sizeof where}, text_of(""));
}
BAD_PLUGIN("address-as-value");

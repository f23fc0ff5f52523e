/* Breaks: a call ends when on_event returns. It uses that of the event before. */
#include "bad.h"

static iro_call* kept;
BAD_ON_EVENT {
  BAD_UNUSED;
  iro_status status = IRO_OK;
  if (kept) {
    status = state->put(kept, bytes_of("k"), bytes_of("v"), text_of(""));
    if (state->get((iro_call*)16, bytes_of("k"), NULL) != IRO_INVALID) status = IRO_OK;
  }
  kept = call;
  return tell(call, status == IRO_INVALID ? "invalid" : "taken");
}
BAD_PLUGIN("keeps-pointer");

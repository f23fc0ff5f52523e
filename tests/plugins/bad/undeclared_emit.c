/* Breaks: only what plugin.toml lists is emitted. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  const iro_status status = emits->emit(call, text_of("nl.placements.hub.member-left.v1"), event->payload);
  return tell(call, status == IRO_DENIED ? "denied" : "allowed");
}
BAD_PLUGIN("undeclared-emit");

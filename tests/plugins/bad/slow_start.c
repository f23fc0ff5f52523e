/* Breaks: create() makes an instance and returns. */
#define BAD_OWN_CREATE
#include "bad.h"

static iro_status make(const iro_host* host, iro_text config, void** self) {
  (void)config;
  (void)self;
  find_services(host);
  for (volatile int go = 1; go;) go = 1;
  return IRO_OK;
}

BAD_QUIET_EVENTS
BAD_PLUGIN("slow-start");

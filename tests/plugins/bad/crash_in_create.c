/* Breaks: create() makes an instance, or says that it can't. */
#define BAD_OWN_CREATE
#include "bad.h"

static iro_status make(const iro_host* host, iro_text config, void** self) {
  (void)config;
  (void)self;
  find_services(host);
  *(volatile int*)8 = 1;
  return IRO_OK;
}

BAD_QUIET_EVENTS
BAD_PLUGIN("crash-in-create");

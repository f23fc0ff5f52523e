/* Breaks: what plugin.toml allows, create() takes. */
#define BAD_OWN_CREATE
#include "bad.h"

static iro_status make(const iro_host* host, iro_text config, void** self) {
  (void)config;
  (void)self;
  find_services(host);
  return IRO_INVALID;
}

BAD_QUIET_EVENTS
BAD_PLUGIN("refuses-config");

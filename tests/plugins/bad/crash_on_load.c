/* Breaks: code of an object must not crash when it is loaded. */
#include "bad.h"

__attribute__((constructor)) static void crash(void) { *(volatile int*)8 = 1; }

BAD_QUIET_EVENTS
BAD_PLUGIN("crash-on-load");

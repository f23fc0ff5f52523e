/* Breaks: the id is that of plugin.toml. */
#include "bad.h"

BAD_QUIET_EVENTS
BAD_PLUGIN("somebody-else");

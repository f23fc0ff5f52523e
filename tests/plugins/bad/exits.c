/* Breaks: the process is not the plugin's to end. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  exit(0);
}
BAD_PLUGIN("exits");

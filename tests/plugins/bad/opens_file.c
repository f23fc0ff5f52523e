/* Breaks: no files. */
#include <fcntl.h>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  return tell(call, open("/etc/passwd", O_RDONLY) < 0 ? "refused" : "opened");
}
BAD_PLUGIN("opens-file");

/* Breaks: no files, and tries it while it is loaded, when the loader may still open libraries. */
#include <fcntl.h>

#include "bad.h"

static int opened;
__attribute__((constructor)) static void look(void) { opened = open("/etc/passwd", O_RDONLY) >= 0; }

BAD_ON_EVENT {
  BAD_UNUSED;
  return tell(call, opened ? "opened" : "refused");
}
BAD_PLUGIN("opens-file-on-load");

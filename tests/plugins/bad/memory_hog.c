/* Breaks: no more memory than memory_mib. */
#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  for (;;) {
    char* more = malloc(1 << 20);
    if (!more) abort();
    memset(more, 1, 1 << 20);
  }
}
BAD_PLUGIN("memory-hog");

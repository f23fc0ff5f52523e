/* Breaks: one process. */
#include <unistd.h>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  if (fork() == 0) _exit(0);
  return IRO_OK;
}
BAD_PLUGIN("forks");

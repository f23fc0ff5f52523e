/* Breaks: the log is for people. */
#include <stdio.h>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  for (int n = 0; n < 3000; ++n) printf("line %d with a \x1b[31mcolour\n", n);
  return IRO_OK;
}
BAD_PLUGIN("prints-for-ever");

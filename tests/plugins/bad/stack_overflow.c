/* Breaks: the stack has an end. */
#include "bad.h"

static int deeper(int n) {
  volatile char frame[1024];
  frame[n % 1024] = (char)n;
  return deeper(n + 1) + frame[(n + 1) % 1024];
}
BAD_ON_EVENT {
  BAD_UNUSED;
  return deeper(0) == 1 ? IRO_OK : IRO_FAILED;
}
BAD_PLUGIN("stack-overflow");

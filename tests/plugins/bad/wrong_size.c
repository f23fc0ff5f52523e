/* Breaks: a struct begins with its size. */
#include "bad.h"

BAD_QUIET_EVENTS
BAD_ENTRY(8, IRO_ABI_MINOR, "wrong-size");

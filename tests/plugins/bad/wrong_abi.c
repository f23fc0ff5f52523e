/* Breaks: while the major version is 0, the minor versions are equal. */
#include "bad.h"

BAD_QUIET_EVENTS
BAD_ENTRY(sizeof(iro_entry), IRO_ABI_MINOR + 1, "wrong-abi");

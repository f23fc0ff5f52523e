/* Breaks: its minor version is not above the host's. */
#include "bad.h"

BAD_QUIET_EVENTS
BAD_ENTRY(sizeof(iro_entry), IRO_ABI_MINOR + 1, "wrong-abi");

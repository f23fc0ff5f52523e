/* Breaks: no network. */
#include <sys/socket.h>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  return tell(call, socket(AF_INET, SOCK_STREAM, 0) < 0 ? "refused" : "opened");
}
BAD_PLUGIN("opens-socket");

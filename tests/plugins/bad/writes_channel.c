/* Breaks: fd 3 is the host's. It writes to it with the call that is not denied. */
#include <sys/socket.h>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  char head = 3; /* first and last packet */
  char body[] = "\x12 these are no outcomes";
  struct iovec parts[2] = {{&head, 1}, {body, sizeof body}};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  sendmsg(3, &message, 0);
  return IRO_OK;
}
BAD_PLUGIN("writes-channel");

// Breaks: one thread.
#include <thread>

#include "bad.h"

BAD_ON_EVENT {
  BAD_UNUSED;
  std::thread([] {}).join();
  return IRO_OK;
}
BAD_PLUGIN("spawns-thread");

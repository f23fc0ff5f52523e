// plugins/host/last_words.hpp: why a signal ends this process, told to the hub in time.
//
// For SIGSEGV and SIGBUS a handler looks at where it happened: a write to the
// input, the end of the stack, a clock. It sends one small packet and lets the
// signal do its work. With `log_denied` it also answers SIGSYS: it tells the
// name of the call on stderr and refuses it. One process, once.
#pragma once

#include <vector>

#include "hub/base/bytes.hpp"
#include "plugins/host/sandbox.hpp"

namespace iro::host {

struct LastWordsOptions {
  int channel_fd = 3;
  ByteView input;             // read-only memory that the plugin is shown
  std::vector<Pages> clocks;  // that cannot be read
  bool log_denied = false;
};
void install_last_words(const LastWordsOptions& options);

}  // namespace iro::host

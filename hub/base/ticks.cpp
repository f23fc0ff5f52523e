#include "hub/base/ticks.hpp"

#include <chrono>

namespace iro {

Ticks ticks_now() {
  using namespace std::chrono;
  return Ticks(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

}  // namespace iro

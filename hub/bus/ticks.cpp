#include "hub/bus/ticks.hpp"

#include <chrono>

namespace iro::bus {

Ticks ticks_now() {
  using namespace std::chrono;
  return Ticks(duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count());
}

}  // namespace iro::bus

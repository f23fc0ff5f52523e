// iro/failed.hpp: why an event could not be handled.
//
// Thrown by the layer, and by rules that meet what cannot be. It ends at the
// plugin's border: on_event returns its status, the event's effects are dropped,
// and the hub tries the event again in a fresh process (plugin.h). The text is
// for the author and the operator: no payload, no pseudonym.
#pragma once

#include <stdexcept>
#include <string>

#include "iro/plugin.h"

namespace iro {
inline namespace sdk {

class Failed : public std::runtime_error {
 public:
  explicit Failed(const std::string& what) : Failed(IRO_FAILED, what) {}
  Failed(iro_status status, const std::string& what) : std::runtime_error(what), status_(status) {}
  [[nodiscard]] iro_status status() const { return status_; }

 private:
  iro_status status_;
};

}  // namespace sdk
}  // namespace iro

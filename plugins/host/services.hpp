// plugins/host/services.hpp: the tables that a plugin gets from query(), and what they work on.
//
// A service finds its instance through what is being handled on this thread; a
// call that is not the one being handled is IRO_INVALID. Inner part of instance.hpp.
#pragma once

#include <optional>

#include "plugins/host/instance.hpp"

namespace iro::host {

/// One event (or view, or the plugin's creation) being handled. There is one a thread, while a plugin's function runs.
struct Handling {
  Instance& instance;
  const iro_call* call;        // null in create(): only a fault can be told
  Effects* effects = nullptr;  // null in a view: nothing may be written
  bool judged = false;
  std::optional<std::string_view> asker = {};  // in a view: who asks
  std::string fault = {};                      // what the plugin says went wrong
};

/// Makes `handling` the one of this thread for as long as it lives.
class HandlingScope {
 public:
  explicit HandlingScope(Handling& handling);
  ~HandlingScope();
  HandlingScope(const HandlingScope&) = delete;
  HandlingScope& operator=(const HandlingScope&) = delete;

 private:
  Handling* before_;
};

/// iro_host::query.
const void* query_service(const char* service_id);

}  // namespace iro::host

// Fuzz: any text is refused, or becomes an event whose JSON comes back unchanged.
#include <cstdlib>

#include "hub/schema/registry.hpp"

namespace {

using namespace iro;
using namespace iro::schema;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Registry registry = std::move(*Registry::builtin());
  const auto event = registry.event_from_json(as_text({data, size}));
  if (!event) return 0;
  const EventType* type = registry.find(event->type);
  require(type != nullptr && registry.verify(*type, event->payload).has_value());
  const auto json = registry.event_to_json(view_of(*event));
  require(json.has_value());
  const auto again = registry.event_from_json(*json);
  require(again.has_value() && registry.event_to_json(view_of(*again)).value() == *json);
  return 0;
}

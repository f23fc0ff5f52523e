#include "hub/bus/connections.hpp"

#include <cstring>

#include "hub/base/assert.hpp"

namespace iro::bus {

std::optional<Route> route_of(std::size_t door, ByteView routing_id) {
  if (routing_id.size() != routing_id_bytes || routing_id[0] != 0) return std::nullopt;
  std::uint32_t number = 0;
  std::memcpy(&number, routing_id.data() + 1, sizeof number);
  return Route(std::uint64_t{door} << 32 | number);
}

std::array<std::uint8_t, routing_id_bytes> routing_id_of(Route route) {
  std::array<std::uint8_t, routing_id_bytes> id{};
  const auto number = static_cast<std::uint32_t>(route.value());
  std::memcpy(id.data() + 1, &number, sizeof number);
  return id;
}

Connection* Connections::find(Route route) {
  const auto at = by_route_.find(route);
  return at == by_route_.end() ? nullptr : at->second;
}

Connection* Connections::find(ConnectionNo number) {
  const auto at = by_number_.find(number);
  return at == by_number_.end() ? nullptr : &at->second;
}

Connection& Connections::add(Route route, const Principal& principal, std::string_view user_id) {
  last_ = last_.next();
  Connection& added = by_number_[last_];
  added.number = last_;
  added.route = route;
  added.principal = principal;
  added.user_id = user_id;
  const bool free = by_route_.emplace(route, &added).second;
  IRO_ASSERT(free, "a routing id has one connection at a time");
  return added;
}

void Connections::remove(ConnectionNo number) {
  const auto at = by_number_.find(number);
  if (at == by_number_.end()) return;
  by_route_.erase(at->second.route);
  by_number_.erase(at);
}

std::vector<ConnectionNo> Connections::remove_if(const std::function<bool(const Connection&)>& ends) {
  std::vector<ConnectionNo> removed;
  for (const auto& [number, connection] : by_number_) {
    if (ends(connection)) removed.push_back(number);
  }
  for (const ConnectionNo number : removed) remove(number);
  return removed;
}

}  // namespace iro::bus

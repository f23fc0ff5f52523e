// hub/bus/connections.hpp: who is at the other end of which routing id.
//
// ZeroMQ gives every connection of a ROUTER a routing id of its own: five bytes,
// the first of them zero. A client that chose one itself is not served. A
// connection's number outlives its routing id: it is never used twice. Only the
// bus thread comes here.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/base/bytes.hpp"
#include "hub/base/peer.hpp"
#include "hub/base/ticks.hpp"

namespace iro::bus {

/// A socket and ZeroMQ's number for the connection on it.
using Route = Strong<struct RouteTag, std::uint64_t>;

inline constexpr std::size_t routing_id_bytes = 5;
/// Nothing when the routing id is not one of ZeroMQ's own making.
std::optional<Route> route_of(std::size_t door, ByteView routing_id);
std::array<std::uint8_t, routing_id_bytes> routing_id_of(Route route);
inline std::size_t door_of(Route route) { return static_cast<std::size_t>(route.value() >> 32); }

struct Connection {
  ConnectionNo number;
  Route route;
  Principal principal;
  std::string user_id;
  Ticks last_heard;
  std::deque<Bytes> backlog;  // what ZeroMQ would not take yet, oldest first
  std::size_t backlog_bytes = 0;
};

class Connections {
 public:
  Connection* find(Route route);
  Connection* find(ConnectionNo number);
  /// A new number for `route`, which must not be in use.
  Connection& add(Route route, const Principal& principal, std::string_view user_id);
  void remove(ConnectionNo number);
  /// Remove whom `ends` picks; their numbers.
  std::vector<ConnectionNo> remove_if(const std::function<bool(const Connection&)>& ends);
  [[nodiscard]] std::size_t size() const { return by_number_.size(); }

 private:
  std::unordered_map<ConnectionNo, Connection> by_number_;
  std::unordered_map<Route, Connection*> by_route_;  // into by_number_, whose nodes stay where they are
  ConnectionNo last_;
};

}  // namespace iro::bus

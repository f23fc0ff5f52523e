// hub/bus/key_table.hpp: which public keys may connect, and whose they are.
//
// A KeyTable is never changed after it was made: the bus swaps the whole table,
// so that the ZAP handler, the sockets and the queues see one list at a time.
// Any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/bus/bus.hpp"

namespace iro::bus {

class KeyTable {
 public:
  KeyTable() = default;
  explicit KeyTable(const std::vector<Bus::EnrolledKey>& keys);

  /// Whose key this is: 32 raw bytes, as ZAP hands them over.
  [[nodiscard]] std::optional<Principal> find(ByteView public_key) const;
  /// Whether this principal still has a key here. A revoked key's number is not
  /// given to another key (hub/base/ids.hpp), so the number is enough.
  [[nodiscard]] bool enrolled(const Principal& principal) const { return principals_.contains(principal); }

 private:
  std::unordered_map<std::string, Principal> by_key_;
  std::set<Principal> principals_;
};

/// ZeroMQ's names for what it knows about a message's connection (zmq.h has them in draft builds only):
/// who ZAP said it is, and the routing id that the peer chose for itself.
inline constexpr const char* user_id_property = "User-Id";
inline constexpr const char* chosen_id_property = "Identity";

/// The User-Id that ZAP gives a connection and ZeroMQ shows on each of its messages: "m12k34".
std::string user_id(const Principal& principal);
std::optional<Principal> parse_user_id(std::string_view text);

}  // namespace iro::bus

// hub/base/ids.hpp: the names that things have, each its own type.
//
// Id16 values are 16 bytes as they stand on the wire and on disk. Event ids
// made here are UUIDs of RFC 9562: version 7 for new events (ordered by time,
// so that an index on them stays cheap), version 8 for derived ones.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/base/bytes.hpp"
#include "hub/base/strong.hpp"

namespace iro {

using Seq = Strong<struct SeqTag, std::uint64_t>;                  // hub-wide position, from 1; never leaves the hub
using MemberNo = Strong<struct MemberNoTag, std::uint32_t>;        // dense, never reused; 0 is the operator
using KeyNo = Strong<struct KeyNoTag, std::uint32_t>;              // a member's key, numbered hub-wide
using ProducerSeq = Strong<struct ProducerSeqTag, std::uint64_t>;  // gap-free per producer, from 1
using SessionEpoch = Strong<struct SessionEpochTag, std::uint64_t>;
using LogEpoch = Strong<struct LogEpochTag, std::uint32_t>;        // goes up when acknowledged events were given up
using AtomNo = Strong<struct AtomNoTag, std::uint32_t>;            // an interned text of the log
using SetId = Strong<struct SetIdTag, std::uint32_t>;              // an interned audience
using PersonKeyNo = Strong<struct PersonKeyNoTag, std::uint64_t>;  // a data key in keys.db; 0 means not encrypted
using ConsumerNo = Strong<struct ConsumerNoTag, std::uint32_t>;

template <typename Tag>
struct Id16 {
  std::array<std::uint8_t, 16> b{};
  constexpr auto operator<=>(const Id16&) const = default;
  [[nodiscard]] bool is_zero() const { return *this == Id16{}; }
  [[nodiscard]] ByteView view() const { return b; }
};
using EventId = Id16<struct EventIdTag>;
using ProducerId = Id16<struct ProducerIdTag>;
using Token = Id16<struct TokenTag>;  // a position, sealed for one recipient
using Hash = std::array<std::uint8_t, 32>;

/// "0190b2c4-7e1f-7abc-8def-0123456789ab"
std::string to_string(const EventId& id);
std::optional<EventId> parse_event_id(std::string_view text);

/// A version 7 id: 48 bits of `unix_ms`, then 74 random bits from the system.
EventId make_event_id(std::uint64_t unix_ms);
/// 16 random bytes from the system.
ProducerId make_producer_id();

/// The version 8 id of the `ordinal`-th event that `plugin` derives from
/// `source`: the same inputs give the same id, so a replay cannot double it.
EventId derive_event_id(std::string_view plugin, const EventId& source, std::uint32_t ordinal);

}  // namespace iro

template <typename Tag>
struct std::hash<iro::Id16<Tag>> {
  std::size_t operator()(const iro::Id16<Tag>& id) const noexcept {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, id.b.data(), 8);
    std::memcpy(&high, id.b.data() + 8, 8);
    return static_cast<std::size_t>((low ^ (high * 0x9E3779B97F4A7C15ULL)) * 0xBF58476D1CE4E5B9ULL);
  }
};

// bench/load.hpp: what publishers say, and how: straight on the protocol (`test::RawClient`).
//
// A publisher keeps `outstanding` events in flight and sends what is free in one PUB.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "hub/schema/registry.hpp"
#include "tests/support/raw_client.hpp"

namespace iro::bench {

using Clock = std::chrono::steady_clock;
Clock::time_point in(double seconds);
double seconds_since(Clock::time_point begun);

/// What a publisher says again and again.
struct Load {
  std::string type;
  std::vector<Bytes> payloads;  // in turn
};

/// One payload of a type, from its JSON. Throws when it is none.
Bytes payload_of(const schema::Registry& registry, std::string_view type, const std::string& json);
/// A vacancy whose payload has about 256 bytes; hospital-a opens it.
Load opened_vacancy(const schema::Registry& registry);
/// Two types for the same two parties, of about the same size, of a thousand students: with a person in it, or without.
Load between_parties(const schema::Registry& registry, bool person);

schema::EventView event_of(const client::KeyFile& keys, const Load& load, std::size_t i);

/// How many events were acknowledged until then. Throws when one is refused.
std::uint64_t publish(zmq::context_t& context, const client::KeyFile& keys, const std::string& name,
                      std::size_t outstanding, Clock::time_point until, const Load& load);

}  // namespace iro::bench

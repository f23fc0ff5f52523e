// plugins/tool/samples.hpp: events to show to a plugin, made by the plans of their types.
//
// All verify. Names repeat (three subjects, three persons, four members), so that
// a rule finds what it remembered. The same seed gives the same samples on every
// machine. Values; pure.
#pragma once

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "hub/reaction/plugin.hpp"
#include "hub/schema/registry.hpp"

namespace iro::tool {

enum class Filling : std::uint8_t {
  required,  // only what must be there
  some,      // and each other field as it falls
};

/// A payload of the type that verifies.
Bytes sample_payload(const schema::EventType& type, Filling filling, std::mt19937_64& random);

/// Events that a plugin can be called with. The events point into this: it outlives the calls.
class Samples {
 public:
  Samples(const schema::Registry& types, std::uint64_t seed) : types_(types), random_(seed) {}

  reaction::CallEvent event(const schema::EventType& type, bool judged, Filling filling);
  /// The mark of an event whose content is gone.
  reaction::CallEvent erased(const schema::EventType& type);
  reaction::CallEvent timer(Bytes key, TimeMs due);
  /// One of `of`, as it falls.
  std::size_t pick(std::size_t of) { return static_cast<std::size_t>(random_() % of); }

  static TimeMs now();

 private:
  reaction::CallEvent begin(const std::string& type);

  const schema::Registry& types_;
  std::mt19937_64 random_;
  std::deque<Bytes> payloads_;
  std::deque<std::string> texts_;
  std::uint32_t count_ = 0;
};

/// What the event was, for a message: type and payload.
std::string shown(const reaction::CallEvent& event, const schema::Registry& types);

}  // namespace iro::tool

// hub/views/delivery_facts.hpp: how far every consumer is with one event.
//
// Only the core knows that; the views only read. So the core makes this
// snapshot when somebody asks for an explanation and gives it along with the
// question (core/explain.cpp). Values; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/base/clock.hpp"
#include "hub/base/ids.hpp"

namespace iro::views {

enum class DeliveryState : std::uint8_t {
  not_reached,   // the consumer is not that far yet
  sent,          // handed over, not acknowledged
  acknowledged,  // the cursor is beyond it: acknowledged, or given up with `iro parked skip`
  retry,         // to be tried again
  parked,        // set aside until somebody decides
  waits,         // behind an earlier event of its subject
  before_start,  // the consumer began, was placed or filtered anew beyond it: what was before is not kept
  filtered,      // the consumer's own filter leaves it out
  passed,        // the cursor is beyond it, and the right was narrowed or the content went: handed over, or passed over
};
std::string_view name_of(DeliveryState state);

/// What a consumer's filter may look at.
struct FilterFacts {
  std::string_view type;
  std::string_view source;
  std::string_view subject;
  std::string_view datacategory;
  std::string_view id;
  std::string_view correlationid;
};

struct ConsumerFact {
  MemberNo member;
  std::string name;
  bool attached = false;
  DeliveryState state = DeliveryState::not_reached;
  std::uint32_t attempts = 0;  // that failed
  TimeMs due;                  // of the next attempt; 0: none
  std::string reason;          // that the consumer gave
  std::function<bool(const FilterFacts&)> wants;
};

/// An event about a person that an answer showed.
struct SeenPerson {
  EventId event;
  PersonKeyNo person;
  bool masked = false;
};

struct DeliveryFacts {
  Seq seq;
  bool gate_shut = false;  // where the event has a gate: it does not let it through (any more)
  std::vector<ConsumerFact> consumers;
};

}  // namespace iro::views

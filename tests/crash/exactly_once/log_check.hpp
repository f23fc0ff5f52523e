// tests/crash/exactly_once/log_check.hpp: what the log must say of events that passed the three rules.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "hub/base/ids.hpp"

namespace iro::test::once {

/// A published event: its subject, and the how manieth of that subject it is (from 1).
struct Sent {
  std::string subject;
  std::uint16_t number = 0;
};

struct Found {
  std::size_t in_force = 0;    // accepted by the judge
  std::size_t held_first = 0;  // of them: the judge was late
  std::size_t refused = 0;
  std::size_t waiting = 0;  // behind an event that the slow rule fails on; with that event
};

/// Reads the whole log of a hub that has stopped. Throws, naming the event, when one of these does not hold:
/// an event that the judge accepts is in force once, at once or after it was held; one that it refuses is not;
/// each rule answered each event in force once (the slow one: unless it waits behind poison), and the counts that a
/// rule said of a subject are 1, 2, 3, ... in the order of the log, for events in their publisher's order.
Found check(const std::filesystem::path& data, const std::map<EventId, Sent>& sent);

}  // namespace iro::test::once

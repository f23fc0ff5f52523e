// deploy/demo-region/findings.hpp: the demo's outcome as a value: counted,
// compared with what the generator promised, and ready to be printed.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "deploy/demo-region/files.hpp"
#include "deploy/demo-region/inboxes.hpp"

namespace iro::demo {

struct TypeCount {
  schema::Routing routing = schema::Routing::parties;
  std::size_t expected = 0;
  std::size_t arrived = 0;  // events, each counted once
};

/// Per event of a routing class: the fewest and the most members.
struct ClassCount {
  std::size_t events = 0;
  std::size_t entitled_low = most_members, entitled_high = 0;
  std::size_t received_low = most_members, received_high = 0;
};

struct FollowedEvent {
  Followed row;
  std::string row_text;  // as it stands in the file
  std::optional<Arrived> arrived;
  EventId id;
  std::string data;
};

struct Findings {
  Region region;
  std::size_t members = 0;
  std::map<std::string, TypeCount> types;  // by short name
  std::map<schema::Routing, ClassCount> classes;
  std::size_t expected_events = 0;
  std::size_t events = 0;
  double seconds = 1;  // from the first event recorded to the last, at least one
  std::size_t deliveries = 0;
  std::size_t wrong = 0;     // received without a right to it
  std::size_t missing = 0;   // a right to it, and not received
  std::size_t repeated = 0;  // twice in one inbox
  std::size_t bad_rows = 0;
  std::size_t refused_rows = 0;
  std::size_t formulas_sent = 0;  // in the texts of vacancies
  std::size_t formulas = 0;       // harmless ones that the bureau received
  std::vector<FollowedEvent> followed;
  std::vector<std::string> problems;  // one sentence each; empty when all is as promised
};

/// Reads everything below `root`, changing nothing. Fails when something cannot be read at all.
Result<Findings> look(const std::filesystem::path& root);

}  // namespace iro::demo

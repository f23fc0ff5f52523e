// adapters/cli/event_line.hpp: one event as one line for people.
//
//   22:16:36  Stageplaats geopend  vac-17  waterpoort  provider=waterpoort begin_on=2027-02-01
//
// Made of the event's label, its subject, who sent it and the first fields of
// its payload; "(masked)" when personal fields were left out for this reader.
// Any thread, once made.
#pragma once

#include <map>
#include <string>

#include "adapters/cli/texts.hpp"
#include "hub/base/clock.hpp"
#include "hub/schema/event.hpp"
#include "hub/schema/registry.hpp"

namespace iro::cli {

class EventLines {
 public:
  /// `names` gives the member of an OIN; sources of others are shown as they are.
  EventLines(const schema::Registry& registry, Texts texts, std::map<std::string, std::string> names)
      : registry_(registry), texts_(texts), names_(std::move(names)) {}

  [[nodiscard]] std::string line(const schema::EventView& event, TimeMs now) const;

 private:
  [[nodiscard]] std::string sender(std::string_view source) const;
  [[nodiscard]] std::string fields(const schema::EventType& type, const schema::EventView& event) const;
  const schema::Registry& registry_;
  Texts texts_;
  std::map<std::string, std::string> names_;
};

}  // namespace iro::cli

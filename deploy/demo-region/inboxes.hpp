// deploy/demo-region/inboxes.hpp: what arrived at the members, beside what should have.
//
// Reads the inboxes as a member would (one CloudEvent a line in inbox/*.jsonl),
// and works out from schema and region alone who was entitled to each event.
// The hub's own routing code is not used: this is the second opinion.
#pragma once

#include <bitset>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "deploy/demo-region/region.hpp"
#include "hub/base/clock.hpp"
#include "hub/schema/registry.hpp"

namespace iro::demo {

inline constexpr std::size_t most_members = 64;
using Members = std::bitset<most_members>;  // by index into Region::members

struct Arrived {
  const schema::EventType* type = nullptr;
  std::string sender;  // slug
  std::string subject;
  TimeMs recorded;
  Members entitled;
  Members received;
  std::size_t repeated = 0;  // lines beyond the first in one inbox
};

struct Inboxes {
  std::map<EventId, Arrived> events;
  std::map<EventId, std::string> lines;  // of those events that `keep` asked for
};

/// Whether a line is worth keeping whole (to follow it).
using Keep = std::function<bool(const schema::EventType&, const std::string& member, const schema::Event&)>;

/// Fails with Errc::io, or with the schema's error and the line's place when one cannot be read.
Result<Inboxes> read_inboxes(const std::filesystem::path& root, const Region& region, const schema::Registry& registry,
                             const Keep& keep);

/// Who may know `event`, by design 9: public all; regional the type's readers; parties the members named and the
/// holders of the type's roles.
Members entitled_to(const schema::EventType& type, const schema::Facts& facts, const Region& region);

/// The role's name in schemas and key files.
std::string_view name_of(Role role);

}  // namespace iro::demo

// hub/views/perspective.hpp: what one member sees of the log's entries.
//
// Beside sight.hpp, which speaks of audiences, two more may look: the sender at
// what it sent itself, and the operator at where events went, never at what is
// in them (the operator runs the machine; that gives no right to the region's
// events). Made for one query, on the thread that answers it; what it was made
// of outlives it.
#pragma once

#include <unordered_map>

#include "hub/views/catalogue.hpp"
#include "hub/views/sight.hpp"

namespace iro::views {

enum class Seen : std::uint8_t {
  nothing,
  routing,  // the operator: envelope and way, no content
  masked,
  full,
  sent,  // by the member itself, whether or not it is in the audience
};
std::string_view name_of(Seen seen);

class Perspective {
 public:
  Perspective(const Catalogue& catalogue, const schema::Registry& registry, const admission::Member& member)
      : catalogue_(catalogue), registry_(registry), member_(member) {}

  [[nodiscard]] Seen of(const log::EntryView& entry);
  /// nullptr when this hub no longer knows the type.
  [[nodiscard]] const schema::EventType* type_of(const log::EntryView& entry) { return known(entry.type).type; }
  [[nodiscard]] const admission::Member& member() const { return member_; }

 private:
  struct Known {
    const schema::EventType* type = nullptr;
    admission::Receive today = admission::Receive::none;
  };
  const Known& known(AtomNo type);

  const Catalogue& catalogue_;
  const schema::Registry& registry_;
  const admission::Member& member_;
  std::unordered_map<AtomNo, Known> known_;
};

}  // namespace iro::views

// tests/crash/exactly_once/tally.hpp: what the three rules of this test have in common: how many events they have seen
// of a subject. Each says that number with what it emits, so an event that was handled twice, or not at all, shows in
// the log.
#pragma once

#include <iro/events/vacancy.hpp>
#include <iro/plugin.hpp>

namespace once {

struct Tally {
  iro::State<std::uint16_t> seen{"seen"};

  std::uint16_t next(iro::Effects& effects, std::string_view subject) const {
    const auto count = static_cast<std::uint16_t>(seen.get_or(effects, subject, 0) + 1);
    seen.put(effects, subject, count);
    return count;
  }
};

/// Which event of its subject it is, by its publisher's own count.
inline std::uint16_t number(const iro::events::VacancyOpened& opened) { return opened.offer()->hours_per_week(); }

inline std::unique_ptr<iro::events::OfferT> counted(std::uint16_t count) {
  auto offer = std::make_unique<iro::events::OfferT>();
  offer->hours_per_week = count;
  return offer;
}

}  // namespace once

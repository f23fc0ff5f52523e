// plugins/supervisor_pool/travel.hpp: how far a supervisor lives from a place, as well as two postcodes can say. Pure.
//
// A proxy, and not a good one: the hub knows no addresses and no roads. The digits of a Dutch postcode (PC4) are
// nested: the first two are a region, the third and fourth a part of it. So minutes are guessed from how many leading
// digits two areas share. Areas that lie side by side may share none (6500 and 5300 are neighbours), and a river is not
// seen. It is good enough to prefer the near one of two; where it is wrong a person of the pool offers by hand, and
// distance is then no reason for a refusal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace iro::pool {

/// One way, in minutes, by the number of leading digits that are not shared: 0 (the same PC4) to 4.
struct TravelGuess {
  std::array<std::uint16_t, 5> minutes{5, 10, 20, 45, 120};
};

/// A PC4 is four digits, the first not 0.
inline bool is_area(std::string_view area) {
  if (area.size() != 4 || area.front() == '0') return false;
  for (const char c : area) {
    if (c < '0' || c > '9') return false;
  }
  return true;
}

/// Minutes one way. An area that is not known counts as one in the same first digit: neither near nor out of reach.
inline std::int64_t travel_minutes(std::string_view home, std::string_view place, const TravelGuess& guess) {
  if (!is_area(home) || !is_area(place)) return guess.minutes[3];
  std::size_t shared = 0;
  while (shared < 4 && home[shared] == place[shared]) ++shared;
  return guess.minutes[4 - shared];
}

}  // namespace iro::pool

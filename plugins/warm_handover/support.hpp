// plugins/warm_handover/support.hpp: the two profiles of a threatened dropout, and what may help with each. Suggested
// to whoever owns a signal, both of them side by side: which one it is stays a talk between people, and is never
// stored.
#pragma once

#include <array>
#include <string_view>

namespace iro::handover {

struct Support {
  std::string_view profile;  // DropoutProfile's spelling
  std::string_view says_nl;
  std::string_view says_en;
  std::string_view nl;
  std::string_view en;
};

inline constexpr std::array supports{
    Support{
        "overload", "ik houd dit niet vol", "I cannot keep this up",
        "minder uren of een rustiger rooster, wekelijks een gesprek met de werkbegeleider, extra begeleiding uit de "
        "poule, de school doet de toetsdruk af",
        "fewer hours or a calmer roster, a weekly talk with the ward supervisor, extra supervision from the pool, the "
        "school takes off pressure of assessment"},
    Support{
        "mismatch", "dit is niet wat ik wil", "this is not what I want",
        "een gesprek over beroepsbeeld en leerdoelen, een snuffelstage in een andere branche, andere leerdoelen, en "
        "als "
        "het niet past een warme overdracht",
        "a talk about the profession and the goals, a taster day in another branch, other goals, and a warm handover "
        "when it does not fit"},
};

}  // namespace iro::handover

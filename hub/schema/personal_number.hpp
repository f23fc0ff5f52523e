// hub/schema/personal_number.hpp: keeps BSN and onderwijsnummer out of free text.
//
// Both have nine digits (a BSN of eight is written with a leading zero or
// without) and are told by the eleven-test: with weights 9, 8, ... 2, -1 the sum
// is 0 modulo 11 for a BSN and 5 for an onderwijsnummer. People write them with
// dots, spaces or hyphens between the digits, so those are skipped. About one in
// five random nine-digit numbers is caught too: official numbers of
// organisations belong in `identifier` fields, which are not looked at.
#pragma once

#include <optional>
#include <string_view>

namespace iro::schema {

enum class PersonalNumber { bsn, onderwijsnummer };

/// The first personal number in `text`, if any. For texts that people type.
std::optional<PersonalNumber> find_personal_number(std::string_view text);

/// The same for ids, which programs make: digits within a word, as in the
/// hexadecimal of a hash, are chance, and only a run that stands alone counts
/// ("student-111222333" does, "9f111222333c" does not).
std::optional<PersonalNumber> find_personal_number_in_id(std::string_view id);

}  // namespace iro::schema

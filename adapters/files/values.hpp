// adapters/files/values.hpp: from the text of a field to a value of a payload.
//
// Every function is pure and says in plain words what it expected; the words go
// into the reject file. Dates become ISO 8601, numbers JSON numbers.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "adapters/files/mapping.hpp"
#include "hub/base/error.hpp"

namespace iro::files {

/// Without the white space around it (no-break spaces too).
std::string_view trimmed(std::string_view text);

/// The value of one field, or null when it is empty and the column has no
/// default. Fails with csv_value. Not for pseudonym columns.
Result<boost::json::value> read_value(const Mapping& mapping, const Column& column, std::string_view text);

/// The same place seats in each ISO week that [first, last] touches, as the
/// schemas' list of week seats.
Result<boost::json::value> read_weeks(std::string_view first, std::string_view last, std::string_view seats);

/// Whether `text` holds what looks like a BSN or an onderwijsnummer: the hub's
/// own detector, so that what it would refuse does not leave this side.
bool looks_personal(std::string_view text);
/// The same for an id, in which digits within a word are chance.
bool looks_personal_in_id(std::string_view id);

}  // namespace iro::files

// adapters/files/reject_rows.hpp: bad rows, as a file that people open in a spreadsheet.
//
// Texts in it are kept from being formulas; originals hold no personal number
// (record.hpp). Pure.
#pragma once

#include <string>
#include <vector>

#include "adapters/client/client.hpp"
#include "adapters/files/record.hpp"

namespace iro::files {

/// The first line, with a byte-order mark: line, column, field, code, reason, original.
std::string reject_header();
std::string reject_row(const Reject& reject);

/// The same for events that the hub refused for good: event, type, code, reason.
std::string refused_header();
std::string refused_row(const client::RefusedEvent& refused);

}  // namespace iro::files

// plugins/warm_handover/invite_file.hpp: the introduction meeting as an iCalendar file (RFC 5545) that every calendar
// opens. It names no person: who comes is known from the talk in which it was planned. Times are UTC; a change or the
// end of the meeting is the same UID with a higher SEQUENCE. Pure.
#pragma once

#include <string>
#include <string_view>

#include "records.hpp"

namespace iro::handover {

/// `stamped`: when the file is made.
std::string invite_file(std::string_view meeting_id, const Meeting& meeting, Time stamped);

}  // namespace iro::handover

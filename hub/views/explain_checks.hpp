// hub/views/explain_checks.hpp: what admission asked of an event, and the rule
// by which it passed.
//
// An event is in the log because every check of hub/admission passed; what is
// told here is each check with the facts that it was decided by, from the
// entry and from the membership at the commit. Where those facts contradict
// the verdict, the verdict reads "unexplained" and not "passed": an
// explanation must not be nicer than what is known. Pure.
#pragma once

#include <boost/json.hpp>

#include "hub/admission/membership.hpp"
#include "hub/views/catalogue.hpp"

namespace iro::views {

/// [{"check": "grant", "verdict": "passed", ...facts}]; `type` may be null: no longer known.
boost::json::array checks_json(const log::EntryView& entry, const schema::EventType* type,
                               const admission::Membership& then, const Catalogue& catalogue);

/// The rule that emitted an event; "" when somebody published it.
std::string_view emitting_rule(const log::EntryView& entry, const Catalogue& catalogue);

}  // namespace iro::views

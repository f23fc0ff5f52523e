// hub/schema/conform.hpp: may this schema replace that one?
//
// flatc --conform guards the layout of a released schema and knows nothing of
// attributes: it lets `sealed` become `public`. This guards the rest: nobody may
// come to hear more, and nothing may come to be read, kept or masked less
// strictly, under a name that was released. What people call it may change, and
// so may who sends it (grants decide that).
#pragma once

#include "hub/schema/registry.hpp"

namespace iro::schema {

/// One sentence for each thing that `newer` must not do to `older`; none when it may replace it.
std::vector<std::string> conformance_faults(const EventType& older, const EventType& newer);

}  // namespace iro::schema

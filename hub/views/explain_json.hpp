// hub/views/explain_json.hpp: the lines of an explanation as JSON, for `explain`, `why_not` and `trace`.
//
// Pure. Names of fields are permanent: programs read them.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hub/views/explain.hpp"

namespace iro::views {

/// A member (or somebody who is none) that stands in a `party` field.
struct NamedParty {
  std::string field;
  std::string member;
};
using Named = std::optional<std::vector<NamedParty>>;  // nothing: the content is gone

/// What the lines need to know: how members are called, the type, whom the payload names.
struct Words {
  const admission::Membership& members;
  const schema::EventType* type;  // null: no longer known
  const Named& named;
};

std::string_view slug_of(const admission::Membership& members, MemberNo no);
boost::json::object audience_line(const Entitled& entitled, const Words& words);
boost::json::object kept_out_line(const KeptOut& kept_out, const Words& words);
boost::json::object delivery_line(const Delivery& delivery, const Words& words);
boost::json::array audience_json(const Explanation& explanation, const Words& words);
boost::json::array kept_out_json(const Explanation& explanation, const Words& words);
boost::json::array deliveries_json(const Explanation& explanation, const Words& words);

/// Those of `named` that are members.
std::vector<MemberNo> numbers_of(const std::vector<NamedParty>& named, const admission::Membership& members);

}  // namespace iro::views

#include "hub/admission/default_grants.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace iro::admission {
namespace json = boost::json;

std::map<std::string, Grant, std::less<>> default_grants(const schema::Registry& registry,
                                                         const std::vector<std::string>& roles) {
  const auto in = [&](const std::vector<std::string>& wanted) {
    return std::ranges::any_of(roles,
                               [&](const auto& role) { return std::ranges::find(wanted, role) != wanted.end(); });
  };
  std::map<std::string, Grant, std::less<>> out;
  for (const schema::EventType* type : registry.types()) {
    if (type->routing == schema::Routing::operators) continue;
    const Receive receive = in(type->readers)          ? Receive::full
                            : in(type->masked_readers) ? Receive::masked
                                                       : Receive::none;
    if (const Grant grant{in(type->senders), receive}; grant != Grant{}) out[type->name] = grant;
  }
  return out;
}

std::string grants_json(const std::map<std::string, Grant, std::less<>>& grants) {
  json::array out;
  for (const auto& [type, grant] : grants)
    out.push_back({{"type", type}, {"publish", grant.publish}, {"receive", name_of(grant.receive)}});
  return json::serialize(out);
}

}  // namespace iro::admission

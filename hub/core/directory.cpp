// The key directory: every member's keys, each with the signature that vouches for it.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "hub/base/z85.hpp"
#include "hub/core/core.hpp"

namespace iro::core {
namespace json = boost::json;
namespace {

/// Revoked keys are links of the chain, so they stay in the answer.
json::object entry_of(const admission::Member& member) {
  json::array keys;
  for (const auto& k : member.keys) {
    if (k.enrolment || !k.signs()) continue;
    keys.push_back({{"public_key", z85_encode_key(k.public_key)},
                    {"sealing_key", z85_encode_key(k.sealing)},
                    {"signing_key", z85_encode_key(k.signing)},
                    {"signed_by", z85_encode_key(k.signed_by)},
                    {"signature", to_hex(k.signature)},
                    {"added", format_time(k.added)},
                    {"active", k.active() && member.active}});
  }
  return {{"member", member.slug}, {"name", member.name}, {"keys", std::move(keys)}};
}

/// The members that {"member": SLUG} names, or all.
iro::Result<std::vector<const admission::Member*>> asked_for(const admission::Membership& members,
                                                             const std::string& args) {
  boost::system::error_code ec;
  const json::value v = json::parse(args.empty() ? "{}" : args, ec);
  if (ec || !v.is_object()) return fail(Errc::arguments_invalid, "the arguments are no JSON object");
  std::vector<const admission::Member*> out;
  const auto* slug = v.get_object().if_contains("member");
  if (slug == nullptr) {
    for (const auto& m : members.all()) out.push_back(m.get());
    return out;
  }
  const auto* member = slug->is_string() ? members.find(std::string_view(slug->get_string())) : nullptr;
  if (member == nullptr) return fail(Errc::not_found, "there is no such member: `iro member ls` lists them");
  out.push_back(member);
  return out;
}

}  // namespace

void Core::answer_directory(const Session& session, const wire::Query& query, Actions& out) {
  wire::Answer answer;
  answer.id = query.id;
  const auto members = asked_for(*members_, query.args);
  if (!members) {
    answer.code = members.error().code;
    answer.reason = members.error().message;
    return send(session, answer, out);
  }
  json::array page;
  for (std::size_t i = 0; i < members->size(); ++i) {
    page.push_back(entry_of(*(*members)[i]));
    answer.last = i + 1 == members->size();
    if (page.size() < limits::directory_page_members && !answer.last) continue;
    answer.body = json::serialize(page);
    send(session, answer, out);
    page.clear();
    ++answer.page;
  }
}

}  // namespace iro::core

#include "hub/admission/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/admission/key_commands.hpp"
#include "hub/base/limits.hpp"

namespace iro::admission {
namespace json = boost::json;
namespace {

constexpr std::string_view command_prefix = "nl.placements.hub.";

std::string text(const json::object& o, const char* name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_string() ? std::string(v->as_string()) : std::string();
}

std::uint32_t number(const json::object& o, const char* name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_number() ? v->to_number<std::uint32_t>() : 0;
}

std::vector<std::string> texts(const json::object& o, const char* name) {
  std::vector<std::string> out;
  if (const auto* v = o.if_contains(name); v != nullptr && v->is_array()) {
    for (const auto& item : v->as_array()) out.emplace_back(item.as_string());
  }
  return out;
}

Receive receive_of(const json::object& o) {
  const std::string name = text(o, "receive");
  for (const Receive r : {Receive::masked, Receive::full, Receive::denied}) {
    if (name_of(r) == name) return r;
  }
  return Receive::none;
}

Grant grant_of(const json::object& o) {
  const auto* publish = o.if_contains("publish");
  return {publish != nullptr && publish->is_bool() && publish->as_bool(), receive_of(o)};
}

tl::unexpected<Error> invalid(std::string why) { return fail(Errc::command_invalid, std::move(why)); }

/// What the operator says of a new member, but for its keys.
Result<Member> new_member(const Membership& membership, const json::object& o) {
  Member m;
  m.slug = text(o, "member");
  m.name = text(o, "name");
  m.oin = text(o, "oin");
  m.brin = text(o, "brin");
  m.kvk = text(o, "kvk");
  m.agb = text(o, "agb");
  m.source_system = text(o, "source_system").empty() ? "iro" : text(o, "source_system");
  m.roles = texts(o, "roles");
  m.branches = texts(o, "branches");
  if (!valid_slug(m.slug)) return invalid(fmt::format("'{}' is no member name: use 2 to 40 of a-z, 0-9 and -", m.slug));
  if (membership.find(m.slug) != nullptr) return invalid(fmt::format("there is a member {} already", m.slug));
  if (m.oin.size() != 20 || m.oin.find_first_not_of("0123456789") != std::string::npos) {
    return invalid(fmt::format("'{}' is no OIN: it has 20 digits", m.oin));
  }
  for (const auto& other : membership.all()) {
    if (other->oin == m.oin) return invalid(fmt::format("OIN {} belongs to {} already", m.oin, other->slug));
  }
  if (m.roles.empty()) return invalid("a member needs a role (school, care_provider, pool, bureau, employer)");
  if (membership.all().size() >= limits::members)
    return invalid(fmt::format("a hub has at most {} members", limits::members));
  if (const auto* grants = o.if_contains("grants"); grants != nullptr && grants->is_array()) {
    for (const auto& g : grants->as_array()) m.grants[text(g.as_object(), "type")] = grant_of(g.as_object());
  }
  m.no = membership.next_no();
  return m;
}

Status enrol(Membership& membership, const KeyCommand& c) {
  auto m = new_member(membership, c.payload);
  if (!m) return fail(m.error());
  auto key = new_key(c, m->slug);
  if (!key) return fail(key.error());
  m->keys.push_back(*key);
  membership.put(std::move(*m));
  return {};
}

/// Somebody new, or a member that lost its keys.
Status enrol_by_invitation(Membership& membership, const KeyCommand& c) {
  const Member* known = membership.find(text(c.payload, "member"));
  if (known != nullptr && known->no == operator_no) return invalid("the operator is not invited");
  auto m = known != nullptr ? Result<Member>(*known) : new_member(membership, c.payload);
  if (!m) return fail(m.error());
  if (!m->active) return invalid(fmt::format("{} is suspended, or has left", m->slug));
  IRO_TRY(invite(c, *m), m->slug);
  membership.put(std::move(*m));
  return {};
}

using Change = Status (*)(const KeyCommand&, Member&);

Status change_member(const KeyCommand& c, Member& m) {
  const json::object& o = c.payload;
  if (const auto roles = texts(o, "roles"); !roles.empty()) m.roles = roles;
  if (const auto branches = texts(o, "branches"); !branches.empty()) m.branches = branches;
  if (const std::string name = text(o, "name"); !name.empty()) m.name = name;
  // A suspended member keeps its keys: nothing is taken from it or given to it meanwhile.
  if (const std::string status = text(o, "status"); !status.empty()) m.active = status == "active";
  return {};
}

Status leave(const KeyCommand& c, Member& m) {
  m.active = false;
  for (auto& k : m.keys) {
    if (k.active()) k.revoked = c.now;
  }
  return {};
}

Status change_grant(const KeyCommand& c, Member& m) {
  const json::object& o = c.payload;
  const std::string type = text(o, "type");
  const Grant g = grant_of(o);
  if (type.empty()) return invalid("type is missing");
  if (g == Grant{}) {
    m.grants.erase(type);
  } else {
    m.grants[type] = g;
  }
  return {};
}

Status change_quota(const KeyCommand& c, Member& m) {
  const json::object& o = c.payload;
  m.quota = {number(o, "events_per_second"), number(o, "bytes_per_second"), number(o, "burst_events")};
  return {};
}

/// Records of the operator that change nothing about the members.
Status record_only(const KeyCommand&, Member&) { return {}; }

Change change_for(std::string_view verb) {
  static const std::map<std::string_view, Change> changes = {
      {"member-changed.v1", change_member}, {"member-left.v1", leave},          {"key-added.v1", add_key},
      {"key-revoked.v1", revoke_key},       {"grant-changed.v1", change_grant}, {"quota-changed.v1", change_quota},
      {"keys-presented.v1", present_keys}};
  const auto at = changes.find(verb);
  return at == changes.end() ? record_only : at->second;
}

}  // namespace

bool is_command(std::string_view type) { return type.starts_with(command_prefix); }

bool valid_slug(std::string_view slug) {
  return slug.size() >= 2 && slug.size() <= 40 && slug.front() != '-' &&
         slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

bool may_command(const Member& sender, std::string_view type) {
  return sender.no == operator_no || type == keys_presented_type || type == "nl.placements.hub.key-revoked.v1";
}

Status apply_command(Membership& membership, const Principal& actor, std::string_view type,
                     std::string_view payload_json, TimeMs now) {
  boost::system::error_code ec;
  const json::value parsed = json::parse(payload_json, ec);
  if (ec || !parsed.is_object()) return invalid("the payload is no JSON object");
  const json::object& o = parsed.as_object();
  const KeyCommand command{membership, actor, o, now};
  const std::string_view verb = type.substr(command_prefix.size());
  if (verb == "member-enrolled.v1") return enrol(membership, command);
  if (verb == "member-invited.v1") return enrol_by_invitation(membership, command);
  const Change change = change_for(verb);
  if (change == record_only) return {};
  const Member* found = membership.find(text(o, "member"));
  if (found == nullptr) return invalid(fmt::format("there is no member '{}'", text(o, "member")));
  if (found->no == operator_no && change != add_key && change != revoke_key && change != present_keys)
    return invalid("the operator cannot be changed");
  Member edited = *found;
  IRO_TRY(change(command, edited), "command");
  membership.put(std::move(edited));
  return {};
}

}  // namespace iro::admission

#include "hub/admission/membership.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/base/assert.hpp"

namespace iro::admission {
namespace json = boost::json;
namespace {

json::array texts(const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); }

std::vector<std::string> texts(const json::value& v) {
  std::vector<std::string> out;
  for (const auto& item : v.as_array()) out.emplace_back(item.as_string());
  return out;
}

/// What a key has not is left out.
json::object key_json(const MemberKey& k) {
  json::object out = {{"no", k.no.value()},
                      {"public_key", to_hex(k.public_key)},
                      {"added", k.added.value()},
                      {"revoked", k.revoked.value()}};
  for (const auto& [name, key] :
       {std::pair{"sealing", &k.sealing}, {"signing", &k.signing}, {"signed_by", &k.signed_by}})
    if (*key != schema::Key32{}) out[name] = to_hex(*key);
  if (k.signed_by != schema::Key32{}) out["signature"] = to_hex(k.signature);
  if (k.expires.value() != 0) out["expires"] = k.expires.value();
  if (k.enrolment) out["enrolment"] = true;
  return out;
}

/// Hexadecimal into `out`; an absent field leaves it as it is.
void read_hex(const json::object& o, const char* name, std::span<std::uint8_t> out) {
  const auto* v = o.if_contains(name);
  if (v == nullptr) return;
  const bool read = from_hex(v->as_string(), out);
  if (!read) throw std::invalid_argument(name);  // style: throw, because from_rows catches it with Boost's own
}

MemberKey key_of(const json::object& o) {
  MemberKey k;
  k.no = KeyNo(o.at("no").to_number<std::uint32_t>());
  static_cast<void>(o.at("public_key"));  // the one that every key has
  read_hex(o, "public_key", k.public_key);
  read_hex(o, "sealing", k.sealing);
  read_hex(o, "signing", k.signing);
  read_hex(o, "signed_by", k.signed_by);
  read_hex(o, "signature", k.signature);
  if (const auto* v = o.if_contains("expires")) k.expires = TimeMs(v->to_number<std::int64_t>());
  if (const auto* v = o.if_contains("enrolment")) k.enrolment = v->as_bool();
  k.added = TimeMs(o.at("added").to_number<std::int64_t>());
  k.revoked = TimeMs(o.at("revoked").to_number<std::int64_t>());
  return k;
}

json::object grants_json(const Member& m) {
  json::object out;
  for (const auto& [type, g] : m.grants) out[type] = json::array{g.publish, static_cast<int>(g.receive)};
  return out;
}

Member member_of(const log::MemberRow& row) {
  const json::object o = json::parse(row.doc).as_object();
  const auto text = [&](const char* name) { return std::string(o.at(name).as_string()); };
  Member m;
  m.no = row.no;
  m.slug = row.slug;
  m.name = text("name");
  m.oin = text("oin");
  m.brin = text("brin");
  m.kvk = text("kvk");
  m.agb = text("agb");
  m.source_system = text("source_system");
  m.roles = texts(o.at("roles"));
  m.branches = texts(o.at("branches"));
  m.active = o.at("active").as_bool();
  for (const auto& k : o.at("keys").as_array()) m.keys.push_back(key_of(k.as_object()));
  for (const auto& [type, g] : o.at("grants").as_object()) {
    m.grants[std::string(type)] = {g.at(0).as_bool(), static_cast<Receive>(g.at(1).to_number<int>())};
  }
  const auto& q = o.at("quota").as_array();
  m.quota = {q.at(0).to_number<std::uint32_t>(), q.at(1).to_number<std::uint32_t>(),
             q.at(2).to_number<std::uint32_t>()};
  return m;
}

}  // namespace

std::string_view name_of(Receive receive) {
  switch (receive) {
    case Receive::none:
      return "none";
    case Receive::masked:
      return "masked";
    case Receive::full:
      return "full";
    case Receive::denied:
      return "denied";
  }
  return "none";
}

bool Member::has_role(std::string_view role) const { return std::ranges::find(roles, role) != roles.end(); }

Grant Member::grant(std::string_view type) const {
  const auto at = grants.find(type);
  return at == grants.end() ? Grant{} : at->second;
}

std::string Member::default_source() const { return fmt::format("urn:nld:oin:{}:systeem:{}", oin, source_system); }

bool Member::owns_source(std::string_view source) const {
  const auto starts = [&](std::string_view prefix, std::string_view number) {
    return !number.empty() && source.starts_with(prefix) && source.substr(prefix.size()).starts_with(number) &&
           (source.size() == prefix.size() + number.size() || source[prefix.size() + number.size()] == ':');
  };
  return starts("urn:nld:oin:", oin) || starts("urn:nld:kvknr:", kvk);
}

Result<Membership> Membership::from_rows(const std::vector<log::MemberRow>& rows) {
  Membership out;
  std::vector<log::MemberRow> sorted = rows;
  std::ranges::sort(sorted, {}, &log::MemberRow::no);
  for (const auto& row : sorted) {
    if (row.no != out.next_no())
      return fail(Errc::corrupt, fmt::format("member numbers have a gap before {}", row.no.value()));
    try {
      out.put(member_of(row));
    } catch (const std::exception& e) {
      return fail(Errc::corrupt, fmt::format("member {}: {}", row.no.value(), e.what()));
    }
  }
  return out;
}

log::MemberRow Membership::to_row(const Member& m) {
  json::array keys;
  for (const auto& k : m.keys) keys.push_back(key_json(k));
  const json::object doc = {
      {"name", m.name},
      {"oin", m.oin},
      {"brin", m.brin},
      {"kvk", m.kvk},
      {"agb", m.agb},
      {"source_system", m.source_system},
      {"roles", texts(m.roles)},
      {"branches", texts(m.branches)},
      {"active", m.active},
      {"keys", keys},
      {"grants", grants_json(m)},
      {"quota", json::array{m.quota.events_per_second, m.quota.bytes_per_second, m.quota.burst_events}}};
  return {m.no, m.slug, json::serialize(doc)};
}

const Member* Membership::find(MemberNo no) const {
  return no.value() < members_.size() ? members_[no.value()].get() : nullptr;
}

const Member* Membership::find(std::string_view slug) const {
  const auto at = by_slug_.find(std::string(slug));
  return at == by_slug_.end() ? nullptr : find(at->second);
}

const MemberKey* Membership::find_key(const Principal& principal) const {
  const Member* m = find(principal.member);
  if (m == nullptr) return nullptr;
  const auto at = std::ranges::find(m->keys, principal.key, &MemberKey::no);
  return at == m->keys.end() ? nullptr : &*at;
}

bool Membership::key_active(const Principal& principal, TimeMs now) const {
  const MemberKey* key = find_key(principal);
  return key != nullptr && key->usable(now) && find(principal.member)->active;
}

std::optional<TimeMs> Membership::next_expiry(TimeMs now) const {
  std::optional<TimeMs> first;
  for (const auto& m : members_) {
    for (const auto& k : m->keys) {
      if (k.expires.value() != 0 && k.usable(now)) first = std::min(first.value_or(k.expires), k.expires);
    }
  }
  return first;
}

KeyNo Membership::next_key() const {
  std::uint32_t most = 0;
  for (const auto& m : members_) {
    for (const auto& k : m->keys) most = std::max(most, k.no.value());
  }
  return KeyNo(most + 1);
}

void Membership::put(Member member) {
  IRO_ASSERT(member.no.value() <= members_.size(), "member numbers are dense");
  by_slug_[member.slug] = member.no;
  auto shared = std::make_shared<const Member>(std::move(member));
  if (shared->no.value() == members_.size()) {
    members_.push_back(std::move(shared));
  } else {
    members_[shared->no.value()] = std::move(shared);
  }
}

}  // namespace iro::admission

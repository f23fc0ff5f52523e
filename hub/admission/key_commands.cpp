#include "hub/admission/key_commands.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/base/limits.hpp"
#include "hub/base/z85.hpp"

namespace iro::admission {
namespace json = boost::json;
namespace {

tl::unexpected<Error> invalid(std::string why) { return fail(Errc::command_invalid, std::move(why)); }

std::string text(const json::object& o, const char* name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_string() ? std::string(v->as_string()) : std::string();
}

/// A key in Z85; nothing when it is absent.
Result<std::optional<schema::Key32>> key_in(const json::object& o, const char* name) {
  const std::string z85 = text(o, name);
  if (z85.empty()) return std::optional<schema::Key32>();
  auto raw = z85_decode_key(z85);
  if (!raw) return invalid(fmt::format("{} is no key in Z85 (40 characters)", name));
  return raw;
}

/// Base64, as the registry writes [ubyte]; nothing when it is absent or of another length.
std::optional<schema::Signature> signature_in(const json::object& o) {
  const std::string base64 = text(o, "signature");
  schema::Signature out;
  std::size_t size = 0;
  const bool read = sodium_base642bin(out.data(), out.size(), base64.data(), base64.size(), nullptr, &size, nullptr,
                                      sodium_base64_VARIANT_ORIGINAL) == 0;
  return read && size == out.size() ? std::optional(out) : std::nullopt;
}

/// Keys are never used twice, not by another member nor again by the same: a chain would have a loop, a pin two owners.
Status check_fresh(const Membership& membership, const schema::Key32& key, const char* what) {
  if (key == schema::Key32{}) return invalid(fmt::format("{} is all zeros", what));
  for (const auto& m : membership.all()) {
    const bool used = std::ranges::any_of(
        m->keys, [&](const MemberKey& k) { return k.public_key == key || k.sealing == key || k.signing == key; });
    if (used) return invalid(fmt::format("{}: this key belongs to {} already", what, m->slug));
  }
  return {};
}

std::ptrdiff_t active_sets(const Member& m) {
  return std::ranges::count_if(m.keys, [](const MemberKey& k) { return k.active() && !k.enrolment; });
}

Status check_room(const Member& m) {
  if (active_sets(m) < static_cast<std::ptrdiff_t>(limits::active_keys)) return {};
  return invalid(fmt::format("{} has {} active keys: revoke one first", m.slug, limits::active_keys));
}

/// Sealing and signing keys and who vouches for them, as far as the payload has them.
Status read_set(const json::object& payload, std::string_view member, MemberKey& key) {
  auto sealing = key_in(payload, "sealing_key");
  auto signing = key_in(payload, "signing_key");
  auto signed_by = key_in(payload, "signed_by");
  for (const auto* read : {&sealing, &signing, &signed_by}) {
    if (!*read) return fail(read->error());
  }
  if (!*sealing && !*signing) return {};
  if (!*sealing || !*signing) return invalid("a sealing key and a signing key come together");
  key.sealing = **sealing;
  key.signing = **signing;
  key.signed_by = signed_by->value_or(key.signing);
  const auto signature = signature_in(payload);
  if (!signature) return fail(Errc::key_statement_invalid, "the signature is missing or has not 64 bytes");
  key.signature = *signature;
  const schema::KeyStatement statement{
      std::string(member), {key.public_key, key.sealing, key.signing}, key.signed_by, key.signature};
  if (!schema::signature_holds(statement))
    return fail(Errc::key_statement_invalid, "the signature is not that of signed_by over these keys");
  return {};
}

/// Who may vouch for the keys that are presented in this session.
Status check_signer(const KeyCommand& c, const Member& m, const MemberKey& used, const MemberKey& brought) {
  if (used.enrolment) {
    if (brought.signed_by == used.signing) return {};
    return fail(Errc::key_statement_invalid, "the keys are not signed by the invitation's key");
  }
  const auto vouches = [&](const MemberKey& k) {
    return k.usable(c.now) && !k.enrolment && k.signs() && k.signing == brought.signed_by;
  };
  if (std::ranges::any_of(m.keys, vouches)) return {};
  const bool first = std::ranges::none_of(m.keys, [](const MemberKey& k) { return !k.enrolment && k.signs(); });
  if (first && brought.signed_by == brought.signing) return {};
  return fail(Errc::key_statement_invalid, "the keys are not signed by an active signing key of the member");
}

}  // namespace

Result<MemberKey> new_key(const KeyCommand& c, std::string_view member) {
  MemberKey key;
  const auto raw = z85_decode_key(text(c.payload, "public_key"));
  if (!raw) return invalid("public_key is not a CURVE key in Z85 (40 characters)");
  key.no = c.membership.next_key();
  key.public_key = *raw;
  key.added = c.now;
  IRO_TRY(check_fresh(c.membership, key.public_key, "public_key"), "keys");
  IRO_TRY(read_set(c.payload, member, key), "keys");
  if (key.signs()) {
    IRO_TRY(check_fresh(c.membership, key.sealing, "sealing_key"), "keys");
    IRO_TRY(check_fresh(c.membership, key.signing, "signing_key"), "keys");
  }
  return key;
}

Status invite(const KeyCommand& c, Member& m) {
  auto curve = key_in(c.payload, "enrolment_key");
  auto signing = key_in(c.payload, "enrolment_signing_key");
  if (!curve || !signing) return fail(!curve ? curve.error() : signing.error());
  if (!*curve || !*signing) return invalid("an invitation has an enrolment_key and an enrolment_signing_key");
  IRO_TRY(check_fresh(c.membership, **curve, "enrolment_key"), "invitation");
  IRO_TRY(check_fresh(c.membership, **signing, "enrolment_signing_key"), "invitation");
  IRO_TRY(check_room(m), "invitation");
  for (auto& k : m.keys) {
    if (k.enrolment && k.active()) k.revoked = c.now;
  }
  MemberKey key;
  key.no = c.membership.next_key();
  key.public_key = **curve;
  key.signing = **signing;
  key.added = c.now;
  key.expires = c.now.plus(limits::enrolment_ms);
  key.enrolment = true;
  m.keys.push_back(key);
  return {};
}

Status present_keys(const KeyCommand& c, Member& m) {
  if (c.actor.member != m.no) return fail(Errc::missing_grant, "a member presents its own keys only");
  const auto used = std::ranges::find(m.keys, c.actor.key, &MemberKey::no);
  if (used == m.keys.end()) return fail(Errc::unknown_key, "the session's key is gone");
  if (!used->usable(c.now)) {
    if (used->enrolment) return fail(Errc::enrolment_over, "this invitation was used, was withdrawn, or has expired");
    return fail(Errc::unknown_key, "the session's key was revoked");
  }
  IRO_TRY(check_room(m), "keys");
  auto brought = new_key(c, m.slug);
  if (!brought) return fail(brought.error());
  if (!brought->signs()) return invalid("sealing_key and signing_key are missing");
  IRO_TRY(check_signer(c, m, *used, *brought), "keys");
  if (used->enrolment) used->revoked = c.now;
  m.keys.push_back(*brought);
  return {};
}

Status add_key(const KeyCommand& c, Member& m) {
  IRO_TRY(check_room(m), "key");
  auto key = new_key(c, m.slug);
  if (!key) return fail(key.error());
  m.keys.push_back(*key);
  return {};
}

Status revoke_key(const KeyCommand& c, Member& m) {
  const bool own = c.actor.member == m.no;
  if (!own && c.actor.member != operator_no) return fail(Errc::missing_grant, "a member revokes its own keys only");
  const auto raw = z85_decode_key(text(c.payload, "public_key"));
  const auto at = std::ranges::find_if(m.keys, [&](const MemberKey& k) { return raw && k.public_key == *raw; });
  if (at == m.keys.end()) return invalid(fmt::format("{} has no such key", m.slug));
  if (own && at->active() && !at->enrolment && active_sets(m) == 1)
    return invalid("this is the last key: with it revoked nobody could come in; rotate first, or ask the operator");
  if (at->active()) at->revoked = c.now;
  return {};
}

}  // namespace iro::admission

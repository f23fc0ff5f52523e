// hub/admission/membership.hpp: the members, their keys, roles and grants.
//
// A Membership is a value: the core holds one for what is committed and edits a
// copy for the batch that is open, so a commit that fails changes nothing.
// Members are shared between copies and never modified in place. Copies may be
// read from any thread.
//
// Member 0 is the operator of the hub. Numbers are dense and never reused; a
// member that leaves keeps its number and its history.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/base/clock.hpp"
#include "hub/base/error.hpp"
#include "hub/base/ids.hpp"
#include "hub/base/peer.hpp"
#include "hub/log/event_log.hpp"
#include "hub/schema/key_statement.hpp"

namespace iro::admission {

enum class Receive : std::uint8_t { none = 0, masked = 1, full = 2, denied = 3 };
std::string_view name_of(Receive receive);

/// What a member may do with one event type. `denied` also takes away what it
/// would hear as a named party.
struct Grant {
  bool publish = false;
  Receive receive = Receive::none;
  bool operator==(const Grant&) const = default;
};

/// One set of a member's keys (schema/key_statement.hpp), or the key of an invitation.
struct MemberKey {
  KeyNo no;
  schema::Key32 public_key{};  // CURVE
  TimeMs added;
  TimeMs revoked;             // 0: active
  schema::Key32 sealing{};    // zeros: it has none
  schema::Key32 signing{};    // zeros: it has none; of an invitation: what must sign the keys presented on it
  schema::Key32 signed_by{};  // zeros: nobody vouched for it
  schema::Signature signature{};
  TimeMs expires;          // 0: never
  bool enrolment = false;  // an invitation's: opens a session that may present keys, and nothing else
  [[nodiscard]] bool active() const { return revoked.value() == 0; }
  [[nodiscard]] bool usable(TimeMs now) const { return active() && (expires.value() == 0 || now < expires); }
  [[nodiscard]] bool signs() const { return signing != schema::Key32{}; }
};

struct Quota {
  std::uint32_t events_per_second = 0;  // 0: no limit
  std::uint32_t bytes_per_second = 0;
  std::uint32_t burst_events = 0;  // 0: two seconds' worth
};

struct Member {
  MemberNo no;
  std::string slug;
  std::string name;
  std::string oin;
  std::string brin;
  std::string kvk;
  std::string agb;
  std::string source_system;
  std::vector<std::string> roles;
  std::vector<std::string> branches;
  bool active = true;
  std::vector<MemberKey> keys;
  std::map<std::string, Grant, std::less<>> grants;  // by full type name
  Quota quota;

  [[nodiscard]] bool has_role(std::string_view role) const;
  [[nodiscard]] Grant grant(std::string_view type) const;
  /// "urn:nld:oin:<oin>:systeem:<system>"
  [[nodiscard]] std::string default_source() const;
  /// May this member use `source`? Its own OIN or KvK number, any system name.
  [[nodiscard]] bool owns_source(std::string_view source) const;
};

inline constexpr std::string_view operator_slug = "operator";
inline constexpr MemberNo operator_no{0};

class Membership {
 public:
  /// From the log's rows. Fails with Errc::corrupt when a row cannot be read.
  static Result<Membership> from_rows(const std::vector<log::MemberRow>& rows);
  [[nodiscard]] static log::MemberRow to_row(const Member& member);

  [[nodiscard]] const Member* find(MemberNo no) const;
  [[nodiscard]] const Member* find(std::string_view slug) const;
  /// Every member ever, by number.
  [[nodiscard]] const std::vector<std::shared_ptr<const Member>>& all() const { return members_; }
  /// The key of a principal; nothing when there is no such key.
  [[nodiscard]] const MemberKey* find_key(const Principal& principal) const;
  /// Is it the key of an active member, neither revoked nor expired?
  [[nodiscard]] bool key_active(const Principal& principal, TimeMs now) const;
  /// When the first of the open invitations ends.
  [[nodiscard]] std::optional<TimeMs> next_expiry(TimeMs now) const;
  [[nodiscard]] KeyNo next_key() const;

  /// Put a member in its place; a new one gets the next number (given in the member).
  void put(Member member);
  [[nodiscard]] MemberNo next_no() const { return MemberNo(static_cast<std::uint32_t>(members_.size())); }

 private:
  std::vector<std::shared_ptr<const Member>> members_;
  std::unordered_map<std::string, MemberNo> by_slug_;
};

}  // namespace iro::admission

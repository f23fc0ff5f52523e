// iro/directory.hpp: the members of the region, as a rule sees them.
//
//   iro::Directory members{};                                    // a member of the rule
//   iro::plugin<Rule>().with<&Rule::members>().on<...>()         // the one line
//   if (members.in_branch(effects, provider, iro::events::Branch::general_practice)) ...
//
// Folded from the hub's own events, kept in the plugin's state: it survives
// restarts, and a replay builds it again. plugin.toml lists the types of
// `Handles` under `reacts`; leaving one out does not compile. A member that
// left keeps its entry, without roles being taken away: what it has sent stays.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iro/events/hub.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iro/plugin.hpp"

namespace iro {
inline namespace sdk {

/// What a member may do with an event type.
struct MemberGrant {
  bool publish = false;
  events::Receive receive = events::Receive::none;
  void fields(auto& f) { f(publish, receive); }
};

struct Member {
  enum class Status : std::uint8_t { active = 0, suspended = 1, left = 2 };  // permanent: in state
  std::string name;
  std::vector<std::string> roles;  // school, care_provider, pool, bureau, employer, operator
  std::vector<events::Branch> branches;
  Status status = Status::active;
  void fields(auto& f) { f(name, roles, branches, status); }

  [[nodiscard]] bool active() const { return status == Status::active; }
  [[nodiscard]] bool has_role(std::string_view role) const {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
  }
  [[nodiscard]] bool in_branch(events::Branch branch) const {
    return std::find(branches.begin(), branches.end(), branch) != branches.end();
  }
};

class Directory {
 public:
  using Handles = detail::List<events::MemberEnrolled, events::MemberInvited, events::MemberChanged, events::MemberLeft,
                               events::GrantChanged>;

  /// Nothing: no member has this slug.
  [[nodiscard]] std::optional<Member> find(const Look& look, std::string_view slug) const {
    if (slug.empty()) return std::nullopt;
    return members_.get(look, slug);
  }
  /// Is it a member, active, with this role?
  [[nodiscard]] bool has_role(const Look& look, std::string_view slug, std::string_view role) const {
    const auto member = find(look, slug);
    return member && member->active() && member->has_role(role);
  }
  /// Is it a member, active, in this branch of care?
  [[nodiscard]] bool in_branch(const Look& look, std::string_view slug, events::Branch branch) const {
    const auto member = find(look, slug);
    return member && member->active() && member->in_branch(branch);
  }
  /// What it may do with an event type; nothing at all when it was never said.
  [[nodiscard]] MemberGrant grant(const Look& look, std::string_view slug, std::string_view type) const {
    return slug.empty() || type.empty() ? MemberGrant{} : grants_.get_or(look, key(slug, type), {});
  }
  /// visit(slug, member), in the order of slugs; those that left too.
  template <typename Visit>
  void each(const Look& look, Visit visit) const {
    members_.each(look, visit);
  }

  // The same rules as the hub's own (hub/admission/commands.cpp): tests/sdk compares the two.
  void on(const events::MemberEnrolled& enrolled, const Event&, Effects& effects) const { enter(effects, enrolled); }
  void on(const events::MemberInvited& invited, const Event&, Effects& effects) const {
    if (!members_.has(effects, str(invited.member()))) enter(effects, invited);  // otherwise it gets new keys only
  }
  void on(const events::MemberChanged& changed, const Event&, Effects& effects) const {
    change(effects, str(changed.member()), [&](Member& member) {
      if (!str(changed.name()).empty()) member.name = str(changed.name());
      if (changed.roles() != nullptr && changed.roles()->size() > 0) member.roles = read(changed.roles());
      if (changed.branches() != nullptr && changed.branches()->size() > 0) member.branches = read(changed.branches());
      if (const auto status = changed.status()) {
        member.status = *status == events::MemberStatus::active ? Member::Status::active : Member::Status::suspended;
      }
    });
  }
  void on(const events::MemberLeft& left, const Event&, Effects& effects) const {
    change(effects, str(left.member()), [](Member& member) { member.status = Member::Status::left; });
  }
  void on(const events::GrantChanged& changed, const Event&, Effects& effects) const {
    if (!members_.has(effects, str(changed.member()))) return;
    give(effects, str(changed.member()), str(changed.type()), changed.publish(), changed.receive());
  }

 private:
  static std::vector<std::string> read(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* from) {
    std::vector<std::string> out;
    for (flatbuffers::uoffset_t i = 0; from != nullptr && i < from->size(); ++i) out.emplace_back(str(from->Get(i)));
    return out;
  }
  static std::vector<events::Branch> read(const flatbuffers::Vector<events::Branch>* from) {
    std::vector<events::Branch> out;
    for (flatbuffers::uoffset_t i = 0; from != nullptr && i < from->size(); ++i) out.push_back(from->Get(i));
    return out;
  }
  template <typename Table>
  void enter(Effects& effects, const Table& event) const {
    Member member;
    member.name = str(event.name());
    member.roles = read(event.roles());
    member.branches = read(event.branches());
    for (flatbuffers::uoffset_t i = 0; event.grants() != nullptr && i < event.grants()->size(); ++i) {
      const events::Grant& grant = *event.grants()->Get(i);
      give(effects, str(event.member()), str(grant.type()), grant.publish(), grant.receive());
    }
    members_.put(effects, str(event.member()), member);
  }
  void give(Effects& effects, std::string_view slug, std::string_view type, bool publish,
            flatbuffers::Optional<events::Receive> receive) const {
    const MemberGrant grant{publish, receive.value_or(events::Receive::none)};
    if (grant.publish || grant.receive != events::Receive::none) {
      grants_.put(effects, key(slug, type), grant);
    } else {
      grants_.remove(effects, key(slug, type));
    }
  }
  template <typename Change>
  void change(Effects& effects, std::string_view slug, Change apply) const {
    auto member = members_.get(effects, slug);
    if (!member) return;  // enrolled before what this plugin was shown
    apply(*member);
    members_.put(effects, slug, *member);
  }

  State<Member> members_{"iro.members"};
  State<MemberGrant> grants_{"iro.grants"};  // by member and type: a question about a member does not read all of them
};

}  // namespace sdk
}  // namespace iro

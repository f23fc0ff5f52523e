#include "hub/views/history.hpp"

#include <algorithm>

#include "hub/admission/commands.hpp"

namespace iro::views {

void History::learn(Seq seq, MemberNo sender, std::string type, std::string payload_json, TimeMs recorded) {
  commands_.push_back({seq, sender, std::move(type), std::move(payload_json), recorded});
}

admission::Membership History::before(Seq first) const {
  admission::Membership out;
  admission::Member op;  // every log begins with its operator (core: restore)
  op.slug = admission::operator_slug;
  op.roles = {"operator"};
  for (const auto* type : registry_.types()) {
    if (std::ranges::find(type->senders, "operator") != type->senders.end()) op.grants[type->name].publish = true;
  }
  out.put(std::move(op));
  for (const Command& c : commands_) {
    if (c.seq >= first) break;
    // What is in the log was carried out then; a command that no longer can be leaves the members as they were.
    (void)admission::apply_command(out, {c.sender, KeyNo()}, c.type, c.json, c.recorded);
  }
  return out;
}

void History::since(Seq first, const std::function<void(const admission::Membership&)>& look) const {
  admission::Membership members = before(first);
  for (const Command& c : commands_) {
    if (c.seq < first) continue;
    (void)admission::apply_command(members, {c.sender, KeyNo()}, c.type, c.json, c.recorded);
    look(members);
  }
}

}  // namespace iro::views

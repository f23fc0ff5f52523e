// hub/views/history.hpp: the membership as it was at any position of the log.
//
// Who may do and hear what is changed by events of the operator only (ADR
// 0003), and those are kept for ever. So the membership under which an event
// was admitted and routed is not a guess: it is what the operator's events
// before its commit make of an empty hub. Each is read once and kept; a
// question replays them up to its position. With which key a member presented new
// ones is in no entry: keys are not replayed, grants, roles and membership are.
//
// One thread, that of the views. Fails as the log does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hub/admission/membership.hpp"
#include "hub/base/ids.hpp"
#include "hub/schema/registry.hpp"

namespace iro::views {

class History {
 public:
  explicit History(const schema::Registry& registry) : registry_(registry) {}

  /// The operator's events are known up to here (exclusive).
  [[nodiscard]] Seq known() const { return known_; }
  void learn(Seq seq, MemberNo sender, std::string type, std::string payload_json, TimeMs recorded);
  /// Nothing more is to be learned before `before`.
  void learned(Seq before) { known_ = before; }

  /// The members when the commit that begins at `first` was made.
  [[nodiscard]] admission::Membership before(Seq first) const;
  /// `look` is shown the members after each change since then, in order.
  void since(Seq first, const std::function<void(const admission::Membership&)>& look) const;

 private:
  struct Command {
    Seq seq;
    MemberNo sender;
    std::string type;
    std::string json;
    TimeMs recorded;
  };
  const schema::Registry& registry_;
  std::vector<Command> commands_;  // ascending
  Seq known_{1};
};

}  // namespace iro::views

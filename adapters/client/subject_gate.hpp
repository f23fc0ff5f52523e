// adapters/client/subject_gate.hpp: keeps the order of a subject's events when one
// of them is put off.
//
// NAK and PARK take back every later event of the same subject (protocol.md). Some
// of those are on their way already; they are not handled, and not answered, since
// the hub sends them again behind the retry. They end where the hub's answer to a
// fence comes in (a PING sent behind the NAK), or where the retry itself does.
// One consumer's, within one session. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "hub/base/ids.hpp"

namespace iro::client {

class SubjectGate {
 public:
  /// Whether this event may be handled now. Events without a subject wait for nobody.
  [[nodiscard]] bool admits(std::string_view subject, const EventId& id) const {
    const auto at = blocked_.find(subject);
    return at == blocked_.end() || at->second.by == id;
  }
  /// `id` was put off; what was sent before the answer to `fence` is not for us.
  void block(std::string_view subject, const EventId& id, std::uint32_t fence) {
    if (!subject.empty()) blocked_.insert_or_assign(std::string(subject), Blocked{id, fence});
  }
  /// An event of `subject` was handled: if it was put off before, its successors follow.
  void done(std::string_view subject) {
    if (const auto at = blocked_.find(subject); at != blocked_.end()) blocked_.erase(at);
  }
  void lift(std::uint32_t fence) {
    std::erase_if(blocked_, [&](const auto& entry) { return entry.second.fence == fence; });
  }
  void clear() { blocked_.clear(); }

 private:
  struct Blocked {
    EventId by;
    std::uint32_t fence = 0;
  };
  std::map<std::string, Blocked, std::less<>> blocked_;
};

}  // namespace iro::client

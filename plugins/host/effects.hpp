// plugins/host/effects.hpp: what a plugin writes on one event, kept within the limits of iro/plugin.h.
//
// The functions answer with an iro_status, as the services do; IRO_LIMIT and
// IRO_INVALID change nothing. Writing a key again replaces what was written
// before, so only the last word counts against the limits. Values; one thread.
#pragma once

#include <iro/plugin.h>

#include <map>
#include <string>
#include <string_view>

#include "hub/reaction/plugin.hpp"

namespace iro::host {

class Effects {
 public:
  explicit Effects(std::uint32_t item) { out_.item = item; }

  iro_status put(std::string_view key, ByteView value, std::string_view person);
  iro_status remove(std::string_view key);
  iro_status emit(std::string_view type, Bytes payload);
  iro_status set_timer(std::string_view key, std::int64_t due_ms, std::string_view person);
  iro_status cancel_timer(std::string_view key);
  iro_status rule(reaction::Ruling ruling, reaction::Note note);
  iro_status hold_word(reaction::HeldWord word);
  iro_status explain(reaction::Note note);

  using State = std::map<std::string, reaction::StateChange, std::less<>>;
  [[nodiscard]] const State& state() const { return state_; }

  /// All of it, in an order that depends on nothing but what was said. A rejected event has no effects.
  reaction::Outcome take();

 private:
  /// Room for `more` in place of `instead`? Takes it if so.
  bool charge(std::size_t more, std::size_t instead = 0);
  iro_status write(std::string_view key, reaction::StateChange change);
  iro_status move_timer(std::string_view key, reaction::TimerChange change);
  iro_status check(const reaction::Note& note, bool reason) const;

  reaction::Outcome out_;
  State state_;
  std::map<std::string, reaction::TimerChange, std::less<>> timers_;
  std::size_t cost_ = 0;
  std::size_t notes_ = 0;  // explanations, refusals and the verdict
};

}  // namespace iro::host

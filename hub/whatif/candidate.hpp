// hub/whatif/candidate.hpp: the rule under trial, asked as the hub asks it.
//
// Its state and timers are kept here, in memory and in the clear: they end with
// the object. A failure costs what it costs in the hub: the event is tried once
// more alone in a fresh process, and if that fails too it is set aside, with
// everything that comes later on its subject. One thread; waits for the runner.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hub/reaction/runner.hpp"
#include "hub/schema/registry.hpp"

namespace iro::whatif {

/// An event on its way to the candidate.
struct Shown {
  reaction::CallEvent event;
  std::shared_ptr<const void> memory;  // keeps the event alive
};

class Candidate {
 public:
  /// `done` hears every outcome, after state and timers were kept; what was rejected has had no effect.
  /// `missed` hears of every event that the candidate failed on (why), or that waits behind such a one ("").
  using Done = std::function<void(const Shown&, const reaction::Outcome&)>;
  using Missed = std::function<void(const Shown&, const std::string& why)>;

  /// The runner knows the plugin and outlives the candidate.
  Candidate(const reaction::PluginSpec& spec, reaction::Runner& runner, Done done, Missed missed)
      : spec_(spec), runner_(runner), done_(std::move(done)), missed_(std::move(missed)) {}

  /// Show these, in order, at one time. Fails when the candidate cannot be started.
  Status ask(TimeMs now, std::vector<Shown> events);

  /// Its timer fired: it is no more.
  void remove_timer(const Bytes& key);
  /// Timers that are due at `now`, the earliest first.
  struct Due {
    TimeMs due;
    Bytes key;
  };
  [[nodiscard]] std::vector<Due> due(TimeMs now) const;
  /// The timer whose firing has this id; nothing when none is set like that.
  [[nodiscard]] std::optional<Due> timer_of(const EventId& firing) const;

  [[nodiscard]] const std::map<Bytes, Bytes, BytesLess>& state() const { return state_; }
  [[nodiscard]] const std::map<Bytes, TimeMs, BytesLess>& timers() const { return timers_; }

 private:
  reaction::Result carry_out(reaction::Call call);
  void answer(const reaction::StateAsk& ask);
  void keep(const reaction::Outcome& outcome);
  void set_aside(const Shown& shown, const reaction::Result& result);

  const reaction::PluginSpec& spec_;
  reaction::Runner& runner_;
  Done done_;
  Missed missed_;
  std::uint64_t calls_ = 0;
  std::map<Bytes, Bytes, BytesLess> state_;
  std::map<Bytes, TimeMs, BytesLess> timers_;
  std::set<std::pair<TimeMs, Bytes>> due_;
  std::map<EventId, Bytes> firings_;          // what each timer's firing is called
  std::set<std::string, std::less<>> aside_;  // subjects
};

}  // namespace iro::whatif

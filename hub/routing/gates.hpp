// hub/routing/gates.hpp: what waits for somebody's word, and what was opened.
//
// A gated event is committed for nobody and waits behind its gate key (the
// schema's gate_key fields say what the opening must be about). An opening
// makes every event that waits there go out again, at a new position and for
// those who were entitled to it from the start; one that comes later goes out
// at once. A closing, or the end of what was opened for a time, stops what has
// not been delivered.
//
//   waits -> opening -> out         open(), went_out()
//   opening -> waits, out -> closed close()
//   closed -> opening               open() again
//
// Pure bookkeeping; the core finds the contents and makes the entries. Changes
// are staged until the commit that carries them is known. One thread.
//
// Invariants:
//  1. An event behind a gate is delivered only from a position that may_go().
//  2. What is `opening` on disk goes out, also after a crash: opening() lists it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "hub/log/event_log.hpp"

namespace iro::routing {

class Gates {
 public:
  void restore(const log::GateRow& row);
  void restore(const log::HeldRow& row);

  /// Is the way free for an event with this key?
  [[nodiscard]] bool is_open(const schema::GateKey& key, TimeMs now) const;
  /// A gated event was given position `seq`; `out` when the gate was open and it goes to its audience at once.
  void add(Seq seq, const schema::GateKey& key, std::uint16_t expiry_month, PersonKeyNo person, bool out);
  void open(const schema::GateKey& key, TimeMs until, PersonKeyNo person, TimeMs now);
  void close(const schema::GateKey& key, PersonKeyNo person);
  /// The event that waited at `seq` is at `released` now, for its audience. What a judge held is forgotten: behind it
  /// is no gate that could be shut again.
  void went_out(Seq seq, Seq released);

  /// A judge holds the event at `seq`: behind `key`, which no opening has. `expires`: then it is refused; 0 = never.
  void hold(Seq seq, const schema::GateKey& key, std::uint16_t expiry_month, PersonKeyNo person, MemberNo sender,
            TimeMs expires);
  /// The held event behind this key, if it still waits.
  [[nodiscard]] const log::HeldRow* held_by(const schema::GateKey& key) const;
  /// What a judge held goes out: it is `opening` from here on.
  void let_out(Seq seq);
  /// It waits no more, and goes nowhere.
  void drop(Seq seq);
  /// Held events whose time is over.
  [[nodiscard]] std::vector<Seq> expired(TimeMs now) const;

  /// May what stands at this position be delivered? Only asked of gated events.
  [[nodiscard]] bool may_go(Seq at, TimeMs now) const;
  /// Where events wait whose gate is open.
  [[nodiscard]] const std::set<Seq>& opening() const { return opening_; }
  [[nodiscard]] const log::HeldRow* find(Seq seq) const;
  [[nodiscard]] std::size_t waiting() const { return held_.size(); }

  /// Forget what is over: bodies of `month` and before, or under one of these keys.
  void forget(std::uint16_t month);
  void forget(const std::set<PersonKeyNo>& persons);

  /// The rows that changed since the last commit_staged(), for the commit.
  void collect(log::Commit& commit) const;
  void commit_staged();
  void drop_staged();

 private:
  [[nodiscard]] std::vector<Seq> behind(const schema::GateKey& key) const;
  void put(const schema::GateKey& key, const log::GateRow& row);
  void put(log::HeldRow row);
  void remove(Seq seq);
  void set(Seq seq, std::optional<log::HeldRow> row);

  std::map<schema::GateKey, log::GateRow> gates_;
  std::map<Seq, log::HeldRow> held_;
  std::multimap<schema::GateKey, Seq> by_key_;
  std::map<Seq, Seq> from_;  // position of what went out -> where it waited
  std::set<Seq> opening_;
  std::set<std::pair<TimeMs, Seq>> expiring_;  // of what judges hold
  // What was there before the open batch changed it.
  std::map<schema::GateKey, std::optional<log::GateRow>> gates_before_;
  std::map<Seq, std::optional<log::HeldRow>> held_before_;
};

}  // namespace iro::routing

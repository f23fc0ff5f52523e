// plugins/chain_placement/work.hpp: one chain while an event is handled.
//
// Loaded once, changed by rows of states.hpp, saved once. Every change of state
// goes through step(), which keeps the row's words; save() writes the chain and
// explains. Verbs emit what others hear. Lives for one call.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugins/chain_placement/rule.hpp"

namespace iro::chain {

class Work {
 public:
  Work(const ChainPlacement& rule, iro::Effects& fx, std::string_view chain_id, Chain loaded)
      : rule_(rule), fx_(fx), id_(chain_id), chain(std::move(loaded)) {}

  /// False, and nothing changes: the machine has no such row.
  bool step(Cause cause);
  bool step(Leg& leg, Cause cause);
  /// Beside the rows' words: what it is about, by numbers, never by name.
  void tell(const iro::Text& more);

  /// Who has the place; nothing: nobody, or a person who was erased.
  const std::optional<Participant>& participant(std::uint8_t no);
  void put(std::uint8_t no, const Participant& participant);

  /// Plans the legs of a place in the group by the chain's plan.
  void plan_student(std::uint8_t no);
  /// If all providers have confirmed and the group is full: offers every leg and asks for supervision.
  void fill();
  /// As far as its facts carry the leg: confirmed, signed, ready; closed.
  void advance(Leg& leg);
  /// `by_rule`: nobody else has said it, so it is told.
  void fail(Leg& leg, events::LegFailCode code, Cause cause, bool by_rule);
  /// What failed gets another place with the fewest changes, or a handover. `loss`: seats that are gone, whose legs
  /// fail when the plan does not keep them.
  void replan(events::ReplanCode code, const Loss* loss = nullptr);
  /// Asks for the handover of a leg that has waited for it.
  void request(Leg& leg);
  /// Whoever has the place is in a handover, whoever asked for it; false when nobody has it.
  [[nodiscard]] bool one_is_open(std::uint8_t no);
  /// Of the student's legs that wait for a handover the one that was asked for least often; null: none waits, or the
  /// student has left.
  [[nodiscard]] Leg* next_waiting(std::uint8_t no);
  /// The leg that a handover of this rule's making is for; empty when it is another's.
  static std::string_view leg_of(std::string_view handover_id);
  /// The student's legs end: the seats in all later ones are free, and offered again if `reoffer`.
  void release(std::uint8_t no, Cause cause, events::LegReleaseCode code, bool reoffer);
  /// Everybody's legs end, and so does the chain.
  void dissolve(Cause cause, events::ChainDissolveCode code, bool by_rule);
  /// Closed when its last leg has ended.
  void end_if_over();
  /// Which goals each leg of a student that has not ended is for.
  void divide_goals(std::uint8_t no);

  void save();

 private:
  struct Moved {
    Leg* from;
    Cell to;
  };
  Leg& add(const Cell& cell, Cause cause);
  void tell_planned(const Leg& leg);
  void offer(Leg& leg);
  void apply(const Problem& problem, const Plan& plan, events::ReplanCode code, const Loss* loss);
  void move(const std::string& from, const Cell& to, events::ReplanCode code);
  void hand_over(Leg& leg);
  void reoffer_seat(const Leg& leg);
  void stop_clocks(const Leg& leg);
  [[nodiscard]] std::string handover_of(const Leg& leg) const;
  [[nodiscard]] std::string supervision_of(std::uint8_t no) const;
  void close(const Leg& leg, bool early);
  void say_replanned(const Plan& plan, events::ReplanCode code);
  std::string why_nowhere(const Problem& problem, const Plan& plan, std::uint8_t no, bool nl) const;
  void keep_words(const Row& row);
  void compact();
  [[nodiscard]] std::vector<std::string> providers() const;
  [[nodiscard]] std::unique_ptr<events::GoalT> goal(std::uint16_t place) const;
  [[nodiscard]] std::uint32_t minutes_of(const Leg& leg) const;
  [[nodiscard]] std::uint32_t hours_of(const Leg& leg) const;
  [[nodiscard]] std::int32_t today() const { return iro::to_field(fx_.today()); }
  template <typename Table>
  Table about(const Leg& leg) const {
    Table out;
    out.leg_id = leg.id;
    out.chain_id = id_;
    out.school = chain.school;
    out.effective_on = today();
    return out;
  }

  const ChainPlacement& rule_;
  iro::Effects& fx_;
  std::string id_;
  std::map<std::uint8_t, std::optional<Participant>> participants_;
  std::vector<const Row*> rows_;
  iro::Text more_;

 public:
  Chain chain;
};

/// Adds seats of the plan as an event carries them.
template <typename Table>
void add_seats(Table& out, const std::vector<Cell>& cells) {
  for (const Cell& cell : cells) {
    auto seat = std::make_unique<events::ChainSeatT>();
    seat->student_no = cell.student;
    seat->period_no = cell.period;
    seat->station_no = cell.station;
    out.seats.push_back(std::move(seat));
  }
}

}  // namespace iro::chain

// plugins/supervisor_pool/rule.hpp: the rule: what it remembers, and a handler for each event. README.md says what it
// is for.
//
// people.cpp has the handlers of supervisor.*, requests.cpp those of supervision.*, around.cpp what other subjects
// change, room.cpp what others are told of the pool's room, views*.cpp what people are shown. They check; desk.hpp
// does. supervisor_pool.cpp says which handler is for what.
#pragma once

#include <iro/directory.hpp>
#include <iro/events/chain.hpp>
#include <iro/events/handover.hpp>
#include <iro/events/hub.hpp>
#include <iro/events/leg.hpp>
#include <iro/events/placement.hpp>
#include <iro/events/supervision.hpp>
#include <iro/events/supervisor.hpp>
#include <iro/events/vacancy.hpp>
#include <iro/plugin.hpp>
#include <string>

#include "plugins/supervisor_pool/config.hpp"
#include "plugins/supervisor_pool/records.hpp"
#include "plugins/supervisor_pool/states.hpp"

namespace iro::pool {

inline iro::Verdict refuse(const Refusal& why) {
  return {iro::Verdict::Kind::reject, why.code, {std::string(why.nl), std::string(why.en)}};
}

struct SupervisorPool {
  using Config = pool::Config;
  Config config;
  iro::Directory members{};
  iro::PersonState<Supervisor> people{"people"};           // by supervisor
  iro::PersonState<Supervision> supervisions{"requests"};  // by supervision
  iro::PersonState<Waiting> theirs{"theirs"};              // by supervisor and supervision: who has whom
  iro::PersonState<Waiting> queue{"queue"};                // by order of asking and first week
  iro::PersonState<Case> cases{"cases"};                   // by case and supervision
  iro::PersonState<Hours> hours{"hours"};                  // by supervisor and week
  iro::State<Places> places{"places"};                     // by vacancy
  iro::State<std::uint32_t> counter{"counter"};            // "order": the last place in the queue that was given out
  iro::State<Told> room_told{"room_told"};                 // by branch
  iro::Alarm answer{"answer"};                             // by supervision and first week: nobody has answered
  iro::Alarm last_week{"last_week"};                       // by supervision: its weeks have passed
  iro::Alarm forget{"forget"};                             // by supervision: it has been over for long
  iro::Alarm go_on{"go_on"};                               // more was to be said than one event may
  iro::Alarm count_room{"count_room"};                     // somebody's seats have changed in this hour

  /// The employer speaks for a supervisor, and so does the pool; a rule may.
  [[nodiscard]] bool speaks_for(const iro::Effects& effects, const iro::Event& event, std::string_view employer) const {
    return event.sender() == "hub" || event.sender() == employer || members.has_role(effects, event.sender(), "pool");
  }

  // people.cpp
  iro::Verdict registered(const events::SupervisorRegistered& said, const iro::Event& event,
                          iro::Effects& effects) const;
  iro::Verdict qualified(const events::SupervisorQualified& said, const iro::Event& event, iro::Effects& effects) const;
  iro::Verdict available(const events::SupervisorAvailabilityChanged& said, const iro::Event& event,
                         iro::Effects& effects) const;
  iro::Verdict recalled(const events::SupervisorRecalled& said, const iro::Event& event, iro::Effects& effects) const;
  iro::Verdict left(const events::SupervisorLeft& said, const iro::Event& event, iro::Effects& effects) const;

  // requests.cpp
  iro::Verdict requested(const events::SupervisionRequested& said, const iro::Event& event,
                         iro::Effects& effects) const;
  iro::Verdict offered(const events::SupervisionOffered& said, const iro::Event& event, iro::Effects& effects) const;
  iro::Verdict accepted(const events::SupervisionAccepted& said, const iro::Event& event, iro::Effects& effects) const;
  iro::Verdict declined(const events::SupervisionDeclined& said, const iro::Event& event, iro::Effects& effects) const;
  iro::Verdict ended(const events::SupervisionEnded& said, const iro::Event& event, iro::Effects& effects) const;
  iro::Verdict reported(const events::SupervisionHoursReported& said, const iro::Event& event,
                        iro::Effects& effects) const;
  /// What only this rule says needs no second opinion.
  iro::Verdict assigned(const events::SupervisionAssigned&) const { return iro::accept(); }
  iro::Verdict substituted(const events::SupervisionSubstituted&) const { return iro::accept(); }
  iro::Verdict refused(const events::SupervisionRefused&) const { return iro::accept(); }
  iro::Verdict released(const events::SupervisionReleased&) const { return iro::accept(); }

  // around.cpp
  void placement_ended(const events::PlacementEnded& said, iro::Effects& effects) const;
  void handover_cancelled(const events::HandoverCancelled& said, iro::Effects& effects) const;
  void handover_stopped(const events::HandoverStopped& said, iro::Effects& effects) const;
  void handover_stayed(const events::HandoverStayed& said, iro::Effects& effects) const;
  void chain_dissolved(const events::ChainDissolved& said, iro::Effects& effects) const;
  void chain_closed(const events::ChainClosed& said, iro::Effects& effects) const;
  void leg_released(const events::LegReleased& said, const iro::Event& event, iro::Effects& effects) const;
  void vacancy_opened(const events::VacancyOpened& said, iro::Effects& effects) const;
  void vacancy_changed(const events::VacancyChanged& said, iro::Effects& effects) const;
  void vacancy_reoffered(const events::VacancyReoffered& said, iro::Effects& effects) const;
  void vacancy_withdrawn(const events::VacancyWithdrawn& said, iro::Effects& effects) const;
  void erased(const events::SubjectErased& said, const iro::Event& event, iro::Effects& effects) const;
  void nobody_answered(const iro::Timer& timer, iro::Effects& effects) const;
  void weeks_passed(const iro::Timer& timer, iro::Effects& effects) const;
  void forgotten(const iro::Timer& timer, iro::Effects& effects) const;
  void goes_on(const iro::Timer& timer, iro::Effects& effects) const;

  // room.cpp
  void will_count_room(iro::Effects& effects) const;
  void room_counted(const iro::Timer& timer, iro::Effects& effects) const;

  // views.cpp, views_totals.cpp
  std::string show_people(const iro::View& view) const;
  std::string show_register(const iro::View& view) const;
  std::string show_board(const iro::View& view) const;
  std::string show_timeline(const iro::View& view) const;
  std::string show_load(const iro::View& view) const;
  std::string show_weeks(const iro::View& view) const;
  std::string show_places(const iro::View& view) const;
  std::string show_costs(const iro::View& view) const;
  std::string show_replan(const iro::View& view) const;
};

}  // namespace iro::pool

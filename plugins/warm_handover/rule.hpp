// plugins/warm_handover/rule.hpp: the rule. Each event is handled in one of the .cpp files beside it; what a handler
// shares with others stands at the end. All that happens is an event: when a clock rings, the rule says so in an event
// of its own and acts on that, so that a replay, a late hub and a person who reads the log see one and the same story.
//
// What is explained beside an event can be read by all who may read the event. So a case is explained on events of the
// school and of the provider that has it, never on one that the present provider or another school hears.
#pragma once

#include <cstdint>
#include <functional>
#include <iro/events/agreement.hpp>
#include <iro/events/arrival.hpp>
#include <iro/events/consent.hpp>
#include <iro/events/dossier.hpp>
#include <iro/events/dropout.hpp>
#include <iro/events/handover.hpp>
#include <iro/events/hours.hpp>
#include <iro/events/meeting.hpp>
#include <iro/events/placement.hpp>
#include <iro/events/recognition.hpp>
#include <iro/events/risk.hpp>
#include <iro/events/student.hpp>
#include <iro/events/supervision.hpp>
#include <iro/events/vacancy.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dropout.hpp"
#include "iro/directory.hpp"
#include "iro/plugin.hpp"
#include "matching.hpp"
#include "records.hpp"
#include "refusals.hpp"
#include "states.hpp"

namespace iro::handover {

using namespace iro::events;  // the tables, by the names that the schemas have

/// Figures that a region may set, in plugin.toml with their words.
struct Config {
  std::uint16_t invite_days = 5;
  std::uint16_t search_days = 15;
  std::uint16_t action_days = 5;
  std::uint8_t most_reminders = 4;
  std::uint8_t first_check_weeks = 2;
  std::uint8_t last_check_weeks = 6;
  std::uint16_t recheck_days = 7;
  std::uint16_t owner_days = 2;
  std::uint16_t escalate_days = 3;
  std::uint8_t most_escalations = 8;
  std::uint16_t most_candidates = 8;
  std::uint16_t least_weeks_percent = 80;
  std::uint16_t supervision_minutes = 30;
  std::uint16_t max_hours_week = 40;
  std::uint16_t max_hours_day = 10;
  std::uint16_t keep_days = 730;
  std::uint16_t smallest_cell = 10;
  std::uint16_t release_days = 60;
  void settings(auto& is) {
    is("invite_days", invite_days);
    is("search_days", search_days);
    is("action_days", action_days);
    is("most_reminders", most_reminders);
    is("first_check_weeks", first_check_weeks);
    is("last_check_weeks", last_check_weeks);
    is("recheck_days", recheck_days);
    is("owner_days", owner_days);
    is("escalate_days", escalate_days);
    is("most_escalations", most_escalations);
    is("most_candidates", most_candidates);
    is("least_weeks_percent", least_weeks_percent);
    is("supervision_minutes", supervision_minutes);
    is("max_hours_week", max_hours_week);
    is("max_hours_day", max_hours_day);
    is("keep_days", keep_days);
    is("smallest_cell", smallest_cell);
    is("release_days", release_days);
  }
};

/// What is the same for all places of one search, looked up once.
struct Known {
  std::vector<Load> others;                                             // of the student
  std::map<std::pair<std::string, std::string>, bool> recognised = {};  // by provider and company
};

struct WarmHandover {
  using Config = handover::Config;
  Config config;

  iro::Directory members{};
  iro::PersonState<Case> cases{"cases"};                 // by handover
  iro::PersonState<std::string> of_student{"students"};  // by shelf and handover -> the student
  iro::PersonState<Signal> signals{"signals"};           // by risk id
  iro::PersonState<Meeting> meetings{"meetings"};        // by meeting
  iro::PersonState<std::uint32_t> hours{"hours"};        // by handover and hours id: minutes
  iro::PersonState<bool> waiting{"waiting"};             // handovers without a place
  iro::PersonState<Booking> bookings{"bookings"};        // by vacancy and placement or handover
  iro::PersonState<Placed> placements{"placements"};     // by shelf and placement
  iro::State<Place> places{"places"};                    // by vacancy
  iro::State<Place> by_programme{"by_programme"};        // the same, by programme ("*": any) and vacancy
  iro::State<Recognition> recognitions{"recognised"};    // by provider, programme and recognition
  iro::State<PoolRoom> pool_rooms{"pool_room"};          // by branch
  iro::State<std::uint32_t> counts{"counts"};            // of dropouts: by study year and cell, until they are released
  iro::State<Release> releases{"releases"};              // by name

  iro::Alarm search_ends{"search_ends"};          // by handover
  iro::Alarm invitation_ends{"invitation_ends"};  // by handover
  iro::Alarm stalled{"stalled"};                  // by handover
  iro::Alarm first_check{"first_check"};          // by handover
  iro::Alarm last_check{"last_check"};            // by handover
  iro::Alarm signal_waits{"signal_waits"};        // by risk id
  iro::Alarm overlap_over{"overlap_over"};        // by handover
  iro::Alarm forget_case{"forget_case"};          // by handover
  iro::Alarm forget_signal{"forget_signal"};      // by risk id
  iro::Alarm wake{"wake"};                        // by vacancy: more of those that wait than one event may wake
  iro::Alarm release_due{"release_due"};          // by study year

  // requests.cpp: from the question to the search, and how a handover ends
  iro::Verdict requested(const HandoverRequested&, const iro::Event&, iro::Effects&) const;
  iro::Verdict student_agreed(const HandoverStudentAgreed&, const iro::Event&, iro::Effects&) const;
  iro::Verdict student_declined(const HandoverStudentDeclined&, const iro::Event&, iro::Effects&) const;
  iro::Verdict student_withdrawn(const HandoverStudentWithdrawn&, const iro::Event&, iro::Effects&) const;
  iro::Verdict stayed(const HandoverStayed&, const iro::Event&, iro::Effects&) const;
  iro::Verdict stopped(const HandoverStopped&, const iro::Event&, iro::Effects&) const;
  iro::Verdict cancelled(const HandoverCancelled&, const iro::Event&, iro::Effects&) const;
  iro::Verdict action_due(const HandoverActionDue&, const iro::Event&, iro::Effects&) const;
  void nothing_happened(const iro::Timer&, iro::Effects&) const;
  void forget(const iro::Timer&, iro::Effects&) const;

  // search.cpp: places, candidates, and what happens without one
  iro::Verdict candidates_proposed(const HandoverCandidatesProposed&, const iro::Event&, iro::Effects&) const;
  iro::Verdict candidate_chosen(const HandoverCandidateChosen&, const iro::Event&, iro::Effects&) const;
  iro::Verdict unplaced(const HandoverUnplaced&, const iro::Event&, iro::Effects&) const;
  void search_ended(const iro::Timer&, iro::Effects&) const;
  void wake_more(const iro::Timer&, iro::Effects&) const;

  // supply.cpp: vacancies and recognitions, folded
  void vacancy_opened(const VacancyOpened&, const iro::Event&, iro::Effects&) const;
  void vacancy_changed(const VacancyChanged&, const iro::Event&, iro::Effects&) const;
  void vacancy_reoffered(const VacancyReoffered&, const iro::Event&, iro::Effects&) const;
  void vacancy_withdrawn(const VacancyWithdrawn&, const iro::Event&, iro::Effects&) const;
  void recognition_granted(const RecognitionGranted&, const iro::Event&, iro::Effects&) const;
  void recognition_lost(const RecognitionLost&, const iro::Event&, iro::Effects&) const;
  void room_counted(const SupervisionRoomCounted&, const iro::Event&, iro::Effects&) const;

  // invitations.cpp: a provider is asked, answers or does not
  iro::Verdict invited(const HandoverInvited&, const iro::Event&, iro::Effects&) const;
  iro::Verdict accepted(const HandoverAccepted&, const iro::Event&, iro::Effects&) const;
  iro::Verdict declined(const HandoverDeclined&, const iro::Event&, iro::Effects&) const;
  iro::Verdict invitation_expired(const HandoverInvitationExpired&, const iro::Event&, iro::Effects&) const;
  iro::Verdict provider_withdrawn(const HandoverProviderWithdrawn&, const iro::Event&, iro::Effects&) const;
  iro::Verdict identity_disclosed(const HandoverIdentityDisclosed&, const iro::Event&, iro::Effects&) const;
  void no_answer(const iro::Timer&, iro::Effects&) const;

  // transfer.cpp: meeting, agreement, arrival, start and aftercare
  iro::Verdict meeting_planned(const MeetingPlanned&, const iro::Event&, iro::Effects&) const;
  iro::Verdict meeting_held(const MeetingHeld&, const iro::Event&, iro::Effects&) const;
  iro::Verdict meeting_waived(const MeetingWaived&, const iro::Event&, iro::Effects&) const;
  void agreement_finalised(const AgreementFinalised&, const iro::Event&, iro::Effects&) const;
  void arrival_confirmed(const ArrivalConfirmed&, const iro::Event&, iro::Effects&) const;
  iro::Verdict started(const HandoverStarted&, const iro::Event&, iro::Effects&) const;
  iro::Verdict check_due(const HandoverCheckDue&, const iro::Event&, iro::Effects&) const;
  iro::Verdict check_done(const HandoverCheckDone&, const iro::Event&, iro::Effects&) const;
  iro::Verdict completed(const HandoverCompleted&, const iro::Event&, iro::Effects&) const;
  void old_one_ended(const iro::Timer&, iro::Effects&) const;
  void time_for_first_check(const iro::Timer&, iro::Effects&) const;
  void time_for_last_check(const iro::Timer&, iro::Effects&) const;

  // carried.cpp: what goes with the student: placements, hours, goals, dossier items
  void placement_confirmed(const PlacementConfirmed&, const iro::Event&, iro::Effects&) const;
  void placement_adopted(const PlacementAdopted&, const iro::Event&, iro::Effects&) const;
  void placement_self_found(const PlacementSelfFound&, const iro::Event&, iro::Effects&) const;
  void placement_started(const PlacementStarted&, const iro::Event&, iro::Effects&) const;
  void placement_ended(const PlacementEnded&, const iro::Event&, iro::Effects&) const;
  void hours_approved(const HoursApproved&, const iro::Event&, iro::Effects&) const;
  void hours_deviated(const HoursDeviated&, const iro::Event&, iro::Effects&) const;
  iro::Verdict item_sealed(const DossierItemSealed&, const iro::Event&, iro::Effects&) const;
  iro::Verdict item_rectified(const DossierRectified&, const iro::Event&, iro::Effects&) const;
  void item_delivered(const DossierDelivered&, const iro::Event&, iro::Effects&) const;
  iro::Verdict consent_given(const ConsentGiven&, const iro::Event&, iro::Effects&) const;
  void consent_withdrawn(const ConsentWithdrawn&, const iro::Event&, iro::Effects&) const;

  // signals.cpp: a student at risk
  iro::Verdict at_risk(const StudentAtRisk&, const iro::Event&, iro::Effects&) const;
  iro::Verdict owner_assigned(const RiskOwnerAssigned&, const iro::Event&, iro::Effects&) const;
  iro::Verdict followed_up(const RiskFollowedUp&, const iro::Event&, iro::Effects&) const;
  iro::Verdict escalated(const RiskEscalated&, const iro::Event&, iro::Effects&) const;
  iro::Verdict closed(const RiskClosed&, const iro::Event&, iro::Effects&) const;
  void signal_unheeded(const iro::Timer&, iro::Effects&) const;
  void forget_one_signal(const iro::Timer&, iro::Effects&) const;

  // figures.cpp: dropouts, counted and released
  void dropout_counted(const DropoutCounted&, const iro::Event&, iro::Effects&) const;
  void publish(const iro::Timer&, iro::Effects&) const;

  // views.cpp
  std::string show_handovers(const iro::View&) const;
  std::string show_handover(const iro::View&) const;
  std::string show_board(const iro::View&) const;
  std::string show_timeline(const iro::View&) const;
  std::string show_load(const iro::View&) const;
  std::string show_support(const iro::View&) const;
  std::string show_dropout(const iro::View&) const;
  std::string show_dropout_chart(const iro::View&) const;
  /// Whether the asker sees a handover: a school its own; the bureau and the operator all.
  [[nodiscard]] std::function<bool(const Case&)> seen_by_asker(const iro::View&) const;

  /// What must hold of the tables themselves: for `iro-plugin check`.
  static void selftest(const iro::SelfTest&);

  // ---- shared

  /// The case of that id; nothing: unknown, or the person was erased.
  [[nodiscard]] std::optional<Case> find(const iro::Look&, std::string_view id) const;
  void save(iro::Effects&, const Case&) const;
  /// An event about this handover, on today's date. Each field where the type has it: an invitation has no student.
  template <typename Said>
  static Said about(const Case& one, const iro::Effects& effects) {
    Said said;
    said.handover_id = one.id;
    if constexpr (requires { said.student; }) said.student = one.student;
    said.school = one.school;
    if constexpr (requires { said.attempt; }) said.attempt = one.attempt;
    said.effective_on = to_field(effects.today());
    return said;
  }
  /// Walk the row of `on`: go there, say why, wind the clocks of the new stage. False: there is no such row from here.
  bool walk(iro::Effects&, Case&, On on) const;
  /// The handovers of one student that are open.
  [[nodiscard]] std::vector<Case> open_cases_of(const iro::Look&, std::string_view student) const;
  [[nodiscard]] std::vector<Placed> placements_of(const iro::Look&, std::string_view student) const;
  /// The hard rules of a place, its hours beside the student's others among them.
  [[nodiscard]] std::optional<Rule> obstacle(const iro::Look&, const Case&, std::string_view vacancy, const Place&,
                                             sys_days today) const;
  [[nodiscard]] bool recognised(const iro::Look&, const Need&, const Place&, sys_days on) const;
  [[nodiscard]] std::optional<Rule> obstacle(const iro::Look&, const Case&, std::string_view vacancy, const Place&,
                                             sys_days today, Known&) const;
  /// What the student does beside the place that is sought or begun.
  [[nodiscard]] std::vector<Load> other_loads(const iro::Look&, const Case&, bool overlaps) const;
  [[nodiscard]] std::optional<Rule> hours_obstacle(const Case&, const Place&, sys_days begin,
                                                   const std::vector<Load>& others) const;
  [[nodiscard]] std::vector<Booking> taken_seats(const iro::Look&, std::string_view vacancy,
                                                 std::string_view but_for) const;
  /// Propose candidates, or say that there is none. The case is in its search.
  void search(iro::Effects&, const Case&) const;
  /// Every handover that waits and that this place fits is searched again, beginning behind the handover `after`.
  void wake_waiting(iro::Effects&, std::string_view vacancy, std::string_view after) const;
  /// The seat is free, and nobody supervises there.
  void let_go(iro::Effects&, Case&, std::optional<SupervisionEndCode> why) const;
  void end_invitation(iro::Effects&, const Case&) const;
  void ask_supervision(iro::Effects&, Case&) const;
  void finish(iro::Effects&, Case&) const;
  void ready_if_prepared(iro::Effects&, Case&) const;
  void say_completed_if_done(iro::Effects&, const Case&) const;
  void provider_lost(iro::Effects&, const Case&, ProviderWithdrawalCode code) const;
  void fold_offer(iro::Effects&, std::string_view vacancy, std::string_view provider, const Offer*) const;
  void drop_offer(iro::Effects&, std::string_view vacancy) const;
  void keep_placement(iro::Effects&, const iro::Event&, Placed) const;
  void search_again(iro::Effects&, Case&, On why) const;
  template <typename Table>
  std::optional<Rule> wrong_meeting(const iro::Look&, const std::optional<Case>&, const Table&,
                                    const iro::Event&) const;
  template <typename Table>
  std::optional<Rule> wrong_item(const std::optional<Case>&, const Table&, const iro::Event&) const;
  void check_rings(iro::Effects&, std::string_view key, std::uint8_t weeks) const;
};

// ---- the same checks in every judge

/// An id that can be a key: 1 to 80 characters once written as a part of one, without the pseudonym.
bool usable(std::string_view id, std::string_view person);
/// A part of a timer's or state's key, as it was given.
std::string plain(std::string_view key_part);
/// Code -> text; a goal without a code goes by its text.
std::map<std::string, std::string> goals_in(const flatbuffers::Vector<flatbuffers::Offset<Goal>>* from);
/// In their own order, each once; nothing is said: empty.
std::vector<Shift> shifts_in(const flatbuffers::Vector<Shift>* from);
/// One of 256 shelves on which the things of many students lie: a key may carry no pseudonym, and all that is kept of a
/// student has to be found without reading everybody's.
std::uint32_t shelf_of(std::string_view student);

enum class Speaker : std::uint8_t { school, provider, either };

/// Whose word may it be? "hub" is what rules and the operator say.
inline bool may_speak(std::string_view sender, Speaker speaker, std::string_view school, std::string_view provider) {
  if (sender == "hub") return true;
  if (sender == school && speaker != Speaker::provider) return true;
  return sender == provider && !provider.empty() && speaker != Speaker::school;
}

template <typename Table>
std::string_view provider_in(const Table& table) {
  if constexpr (requires { table.provider(); }) {
    return iro::str(table.provider());
  } else {
    return {};
  }
}

/// What is wrong with an event about a handover before its stage is looked at; nothing: go on.
template <typename Table>
std::optional<Rule> wrong(const std::optional<Case>& found, const Table& table, const iro::Event& event,
                          Speaker speaker) {
  if (!found) return Rule::unknown_handover;
  if (!event.person().empty() && event.person() != found->student) return Rule::other_student;
  if (iro::str(table.school()) != found->school) return Rule::other_school;
  if (!may_speak(event.sender(), speaker, found->school, provider_in(table))) return Rule::not_the_speaker;
  if (found->ended()) return Rule::handover_ended;
  return std::nullopt;
}

}  // namespace iro::handover

// plugins/chain_placement/states.hpp: the two state machines and the rules, as data.
//
// A row of `transitions` is one change of state: from any of the states in
// `from`, when `cause` happens, to `to`. Its words are what `iro explain` shows;
// the rule changes a state by looking up its row, and in no other way. A row of
// `refusals` is a rule that an event can break; its code is permanent.
// events.md has both machines as a picture.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iro/plugin.hpp>
#include <string_view>

namespace iro::chain {

// Permanent: in state.
enum class ChainState : std::uint8_t { none, proposed, confirmed, filled, running, closed, dissolved };
enum class LegState : std::uint8_t {
  none,
  planned,
  confirmed,
  signed_by_all,
  ready,
  running,
  interrupted,
  handed_on,
  closed,
  failed,
  superseded,
  released,
  ended_early
};

inline constexpr std::array<std::string_view, 7> chain_names{"none",    "proposed", "confirmed", "filled",
                                                             "running", "closed",   "dissolved"};
inline constexpr std::array<std::string_view, 13> leg_names{
    "none",      "planned", "confirmed", "signed",     "ready",    "running",    "interrupted",
    "handed_on", "closed",  "failed",    "superseded", "released", "ended_early"};
constexpr std::string_view name_of(ChainState state) { return chain_names[static_cast<std::size_t>(state)]; }
constexpr std::string_view name_of(LegState state) { return leg_names[static_cast<std::size_t>(state)]; }

/// What happened.
enum class Cause : std::uint8_t {
  proposed,
  providers_confirmed,
  group_full,
  leg_started,
  legs_ended,
  not_confirmed_in_time,
  not_filled_in_time,
  dissolved_by_people,
  provider_lost,
  student_joined,
  planned_again,
  three_words,
  agreement_final,
  arrival_confirmed,
  started,
  interrupted,
  resumed,
  resumed_too_late,
  handed_on,
  hours_settled,
  declined,
  not_answered,
  said_failed,
  seat_withdrawn,
  recognition_lost,
  provider_left,
  other_plan,
  no_plan,
  made_room,
  student_left,
  chain_dissolved
};

enum class Machine : std::uint8_t { chain, leg };

template <typename First, typename... More>
constexpr std::uint32_t any_of(First first, More... more) {
  return ((1U << static_cast<unsigned>(first)) | ... | (1U << static_cast<unsigned>(more)));
}

struct Row {
  Machine machine;
  std::uint32_t from;  // a bit for each state
  Cause cause;
  std::uint8_t to;
  std::string_view nl;
  std::string_view en;
};

namespace detail {
using C = ChainState;
using L = LegState;
inline constexpr std::uint32_t ahead = any_of(L::planned, L::confirmed, L::signed_by_all, L::ready);
inline constexpr std::uint32_t under_way = any_of(L::running, L::interrupted);
constexpr Row of_chain(std::uint32_t from, Cause cause, C to, std::string_view nl, std::string_view en) {
  return {Machine::chain, from, cause, static_cast<std::uint8_t>(to), nl, en};
}
constexpr Row of_leg(std::uint32_t from, Cause cause, L to, std::string_view nl, std::string_view en) {
  return {Machine::leg, from, cause, static_cast<std::uint8_t>(to), nl, en};
}
}  // namespace detail

// clang-format off: a table is read by its columns
inline constexpr std::array transitions{
    // the chain
    detail::of_chain(any_of(ChainState::none), Cause::proposed, ChainState::proposed,
                     "De keten is voorgesteld: het plan houdt elke regel.",
                     "The chain is proposed: its plan keeps every rule."),
    detail::of_chain(any_of(ChainState::proposed), Cause::providers_confirmed, ChainState::confirmed,
                     "Alle instellingen van de rotatie hebben de keten bevestigd.",
                     "All providers of the rotation have confirmed the chain."),
    detail::of_chain(any_of(ChainState::proposed), Cause::not_confirmed_in_time, ChainState::dissolved,
                     "Niet alle instellingen bevestigden op tijd: de keten is ontbonden.",
                     "Not all providers confirmed in time: the chain is dissolved."),
    detail::of_chain(any_of(ChainState::confirmed), Cause::group_full, ChainState::filled,
                     "De groep is vol: elke schakel wordt aan zijn instelling aangeboden.",
                     "The group is full: each leg is offered to its provider."),
    detail::of_chain(any_of(ChainState::confirmed), Cause::not_filled_in_time, ChainState::dissolved,
                     "De groep was niet op tijd vol: de keten is ontbonden.",
                     "The group was not full in time: the chain is dissolved."),
    detail::of_chain(any_of(ChainState::filled), Cause::leg_started, ChainState::running,
                     "De eerste schakel is begonnen: de keten loopt.",
                     "The first leg has started: the chain is running."),
    detail::of_chain(any_of(ChainState::running), Cause::legs_ended, ChainState::closed,
                     "De laatste schakel is geëindigd: de keten is afgerond.",
                     "The last leg has ended: the chain is closed."),
    detail::of_chain(any_of(ChainState::filled), Cause::legs_ended, ChainState::dissolved,
                     "Er is geen schakel meer over om te beginnen: de keten is ontbonden.",
                     "No leg is left that could start: the chain is dissolved."),
    detail::of_chain(any_of(ChainState::proposed, ChainState::confirmed), Cause::dissolved_by_people,
                     ChainState::dissolved, "De keten is ontbonden voordat de groep vol was.",
                     "The chain was dissolved before its group was full."),
    detail::of_chain(any_of(ChainState::filled), Cause::dissolved_by_people, ChainState::dissolved,
                     "De keten is ontbonden voordat een schakel begon.",
                     "The chain was dissolved before a leg had started."),
    detail::of_chain(any_of(ChainState::running), Cause::dissolved_by_people, ChainState::dissolved,
                     "De lopende keten is ontbonden.", "The running chain was dissolved."),
    detail::of_chain(any_of(ChainState::proposed, ChainState::confirmed), Cause::provider_lost, ChainState::dissolved,
                     "Een instelling van de rotatie valt weg voordat de groep vol is: de keten is ontbonden.",
                     "A provider of the rotation is lost before the group is full: the chain is dissolved."),
    // the legs
    detail::of_leg(any_of(LegState::none), Cause::student_joined, LegState::planned,
                   "De student doet mee: de schakels zijn gepland.", "The student joined: the legs are planned."),
    detail::of_leg(any_of(LegState::none), Cause::planned_again, LegState::planned,
                   "Een nieuwe schakel is gepland in de plaats van een andere.",
                   "A new leg is planned in the place of another."),
    detail::of_leg(any_of(LegState::planned), Cause::three_words, LegState::confirmed,
                   "Instelling, school en student hebben de schakel bevestigd.",
                   "Provider, school and student have confirmed the leg."),
    detail::of_leg(any_of(LegState::confirmed), Cause::agreement_final, LegState::signed_by_all,
                   "De praktijkovereenkomst van de schakel is definitief.", "The agreement of the leg is final."),
    detail::of_leg(any_of(LegState::signed_by_all), Cause::arrival_confirmed, LegState::ready,
                   "De afdeling verwacht de student: de schakel is gereed.",
                   "The ward expects the student: the leg is ready."),
    detail::of_leg(any_of(LegState::ready), Cause::started, LegState::running, "De schakel is begonnen.",
                   "The leg has started."),
    detail::of_leg(any_of(LegState::running), Cause::interrupted, LegState::interrupted,
                   "De schakel is onderbroken: de plek wordt bewaard tot de afgesproken dag.",
                   "The leg is interrupted: its seat is kept until the day agreed."),
    detail::of_leg(any_of(LegState::interrupted), Cause::resumed, LegState::running, "De schakel is hervat.",
                   "The leg is resumed."),
    detail::of_leg(any_of(LegState::interrupted), Cause::resumed_too_late, LegState::failed,
                   "De schakel is niet op tijd hervat en mislukt.", "The leg was not resumed in time, and fails."),
    detail::of_leg(any_of(LegState::running), Cause::handed_on, LegState::handed_on,
                   "De schakel is beoordeeld en warm overgedragen.", "The leg is assessed and handed on in person."),
    detail::of_leg(any_of(LegState::handed_on), Cause::hours_settled, LegState::closed,
                   "De uren zijn goedgekeurd: de schakel is afgerond.", "The hours are approved: the leg is closed."),
    detail::of_leg(any_of(LegState::planned), Cause::declined, LegState::failed, "De schakel is afgewezen.",
                   "The leg is declined."),
    detail::of_leg(any_of(LegState::planned), Cause::not_answered, LegState::failed,
                   "De schakel is niet op tijd bevestigd: de klok gaat verder.",
                   "The leg was not confirmed in time: the clock moves on."),
    detail::of_leg(detail::ahead, Cause::said_failed, LegState::failed, "De schakel mislukt voordat zij begint.",
                   "The leg fails before it starts."),
    detail::of_leg(detail::under_way, Cause::said_failed, LegState::failed, "De schakel mislukt terwijl zij loopt.",
                   "The leg fails while it runs."),
    detail::of_leg(detail::ahead, Cause::seat_withdrawn, LegState::failed,
                   "De plek is ingetrokken voordat de schakel begint.", "The seat is withdrawn before the leg starts."),
    detail::of_leg(detail::under_way, Cause::seat_withdrawn, LegState::failed,
                   "De plek is ingetrokken terwijl de schakel loopt.", "The seat is withdrawn while the leg runs."),
    detail::of_leg(detail::ahead, Cause::recognition_lost, LegState::failed,
                   "De erkenning vervalt voordat de schakel begint.", "The recognition is lost before the leg starts."),
    detail::of_leg(detail::under_way, Cause::recognition_lost, LegState::failed,
                   "De erkenning vervalt terwijl de schakel loopt.", "The recognition is lost while the leg runs."),
    detail::of_leg(detail::ahead, Cause::provider_left, LegState::failed,
                   "De instelling verlaat de regio voordat de schakel begint.",
                   "The provider leaves the region before the leg starts."),
    detail::of_leg(detail::under_way, Cause::provider_left, LegState::failed,
                   "De instelling verlaat de regio terwijl de schakel loopt.",
                   "The provider leaves the region while the leg runs."),
    detail::of_leg(any_of(LegState::failed), Cause::other_plan, LegState::superseded,
                   "De mislukte schakel gaat in de keten verder op een andere plek.",
                   "The failed leg goes on elsewhere in the chain."),
    detail::of_leg(any_of(LegState::failed), Cause::no_plan, LegState::superseded,
                   "De keten heeft geen plek meer: een warme overdracht is gevraagd.",
                   "The chain has no place left: a warm handover is asked for."),
    detail::of_leg(detail::ahead, Cause::made_room, LegState::superseded, "Een schakel schuift op om plaats te maken.",
                   "A leg moves to make room."),
    detail::of_leg(detail::ahead, Cause::student_left, LegState::released,
                   "De student verlaat de keten: de plek komt vrij.",
                   "The student leaves the chain: the seat is free."),
    detail::of_leg(detail::under_way, Cause::student_left, LegState::ended_early,
                   "De student verlaat de keten: de schakel eindigt vroegtijdig.",
                   "The student leaves the chain: the leg ends early."),
    detail::of_leg(detail::ahead, Cause::chain_dissolved, LegState::released,
                   "De keten is ontbonden: de schakel begint niet.", "The chain is dissolved: the leg does not start."),
    detail::of_leg(detail::under_way, Cause::chain_dissolved, LegState::ended_early,
                   "De keten is ontbonden: de lopende schakel eindigt vroegtijdig.",
                   "The chain is dissolved: the running leg ends early."),
};
// clang-format on

/// The row for a state and a cause; null: the machine has none.
constexpr const Row* find_row(Machine machine, std::uint8_t from, Cause cause) {
  for (const Row& row : transitions) {
    if (row.machine == machine && row.cause == cause && (row.from >> from & 1U) != 0) return &row;
  }
  return nullptr;
}

// ---- refusals

enum class Rule : std::uint8_t {
  chain_id_unusable,
  proposal_too_large,
  chain_exists,
  chain_unknown,
  chain_ended,
  chain_not_full,
  not_their_word,
  other_school,
  other_provider,
  provider_not_confirmed,
  group_size_wrong,
  provider_twice,
  branches_not_different,
  week_unknown,
  weeks_wrong,
  starts_too_soon,
  no_plan_possible,
  plan_outside,
  plan_student_twice,
  plan_over_capacity,
  plan_station_twice,
  plan_closed_week,
  plan_level_not_accepted,
  plan_recognition_missing,
  plan_incomplete,
  group_full,
  student_no_taken,
  student_joined_already,
  student_overbooked,
  student_not_in_chain,
  leg_unknown,
  leg_ended,
  leg_not_offered,
  leg_not_ready,
  leg_not_running,
  leg_not_interrupted,
  leg_running,
  previous_not_handed_on,
  outside_period,
  not_assessed,
  nobody_told,
  wrong_next_provider,
  code_missing
};

struct Refusal {
  iro::Code rule;
  std::string_view code;
  std::string_view nl;
  std::string_view en;
};
namespace detail {
template <std::size_t N>
consteval Refusal refusal(const char (&code)[N], std::string_view nl, std::string_view en) {
  return {iro::Code(code), std::string_view(code, N - 1), nl, en};
}
}  // namespace detail

// clang-format off: a table is read by its columns; in the order of Rule
inline constexpr std::array refusals{
    detail::refusal("chain_id_unusable", "De naam van de keten is leeg of te lang.",
                    "The chain's id is empty or too long."),
    detail::refusal("proposal_too_large", "Het voorstel is te groot: hoogstens 64 leerdoelen, en 32 KiB in totaal.",
                    "The proposal is too large: 64 goals at most, and 32 KiB in all."),
    detail::refusal("chain_exists", "Deze keten is al voorgesteld.", "This chain has been proposed already."),
    detail::refusal("chain_unknown", "Deze keten is niet bekend.", "There is no such chain."),
    detail::refusal("chain_ended", "Deze keten is afgerond of ontbonden.", "This chain is closed or dissolved."),
    detail::refusal("chain_not_full", "De groep van deze keten is nog niet vol.",
                    "The group of this chain is not full yet."),
    detail::refusal("not_their_word", "Dit woord is aan een ander.", "This is somebody else's word to give."),
    detail::refusal("other_school", "Deze keten is van een andere school.", "This chain is another school's."),
    detail::refusal("other_provider", "Hier loopt de schakel of keten niet.", "This provider has no part in it."),
    detail::refusal("provider_not_confirmed",
                    "De instelling heeft haar schakel nog niet bevestigd: zij hoort nog van geen student.",
                    "The provider has not confirmed its leg yet: it hears of no student."),
    detail::refusal("group_size_wrong",
                    "Een groep heeft 2 tot 6 studenten, en de keten net zoveel instellingen en hoogstens 8.",
                    "A group has 2 to 6 students, and the chain as many providers and 8 at most."),
    detail::refusal("provider_twice", "Een instelling staat twee keer in de keten.",
                    "A provider is in the chain twice."),
    detail::refusal("branches_not_different", "De instellingen van de rotatie zijn van verschillende branches.",
                    "The providers of the rotation are of different branches."),
    detail::refusal("week_unknown", "Dit jaar heeft die week niet.", "There is no such week in that year."),
    detail::refusal("weeks_wrong",
                    "De schakels passen niet: minstens een week per schakel, hoogstens 104 weken in totaal.",
                    "The legs do not fit: a week a leg at least, 104 weeks in all at most."),
    detail::refusal("starts_too_soon", "De keten begint te snel om de groep te vullen.",
                    "The chain starts too soon to fill its group."),
    detail::refusal("no_plan_possible", "Er is geen plan dat alle regels houdt.",
                    "There is no plan that keeps all rules."),
    detail::refusal("plan_outside", "Het plan noemt een student, periode of instelling die er niet is.",
                    "The plan names a student, period or provider that is not there."),
    detail::refusal("plan_student_twice", "Het plan zet een student in één periode op twee plekken.",
                    "The plan puts a student in two places in one period."),
    detail::refusal("plan_over_capacity", "Het plan zet meer studenten op een plek dan er plaatsen zijn.",
                    "The plan puts more students in a place than it has seats."),
    detail::refusal("plan_station_twice", "Het plan laat een student twee keer bij dezelfde instelling komen.",
                    "The plan takes a student to the same provider twice."),
    detail::refusal("plan_closed_week", "Het plan valt in weken waarin de instelling gesloten is.",
                    "The plan falls into weeks in which the provider is closed."),
    detail::refusal("plan_level_not_accepted", "De instelling neemt dit niveau niet aan.",
                    "The provider does not accept this level."),
    detail::refusal("plan_recognition_missing",
                    "De instelling is voor deze opleiding in die weken niet erkend (WEB 7.2.10).",
                    "The provider is not recognised for this programme in those weeks (WEB 7.2.10)."),
    detail::refusal("plan_incomplete", "Het plan geeft een student te weinig schakels.",
                    "The plan gives a student too few legs."),
    detail::refusal("group_full", "De groep is vol.", "The group is full."),
    detail::refusal("student_no_taken", "Deze plaats in de groep is bezet of bestaat niet.",
                    "This place in the group is taken, or there is none."),
    detail::refusal("student_joined_already", "De student doet al mee aan deze keten.",
                    "The student is in this chain already."),
    detail::refusal("student_overbooked", "De student komt op een dag of in een week boven het aantal uren.",
                    "The student would have too many hours in a day or week."),
    detail::refusal("student_not_in_chain", "De student doet niet mee aan deze keten of schakel.",
                    "The student is not in this chain or leg."),
    detail::refusal("leg_unknown", "Deze schakel is niet bekend in deze keten.", "There is no such leg in this chain."),
    detail::refusal("leg_ended", "Deze schakel is al geëindigd of vervangen.",
                    "This leg has ended, or another stands in its place."),
    detail::refusal("leg_not_offered", "De schakel wacht op geen antwoord.", "The leg waits for no answer."),
    detail::refusal("leg_not_ready", "De schakel is niet gereed: bevestiging, overeenkomst of aankomst ontbreekt.",
                    "The leg is not ready: confirmation, agreement or arrival is missing."),
    detail::refusal("leg_not_running", "De schakel loopt niet.", "The leg is not running."),
    detail::refusal("leg_not_interrupted", "De schakel is niet onderbroken.", "The leg is not interrupted."),
    detail::refusal("leg_running", "De schakel loopt: afwijzen kan niet meer.",
                    "The leg is running: it is too late to decline."),
    detail::refusal("previous_not_handed_on", "De vorige schakel is nog niet warm overgedragen.",
                    "The leg before has not been handed on yet."),
    detail::refusal("outside_period", "De begindatum valt buiten de periode van de schakel.",
                    "The first day is not in the leg's period."),
    detail::refusal("not_assessed", "De schakel is nog niet beoordeeld.", "The leg has not been assessed yet."),
    detail::refusal(
        "nobody_told",
        "Bij een warme overdracht zegt men wie het gehoord heeft: de student, en iemand van de volgende plek.",
        "A warm step says who was told: the student, and somebody of the next place."),
    detail::refusal("wrong_next_provider", "De volgende schakel is bij een andere instelling.",
                    "The next leg is at another provider."),
    detail::refusal("code_missing", "Een afwijzing of mislukking heeft een code.",
                    "A decline or a failure has a code."),
};
// clang-format on
static_assert(refusals.size() == static_cast<std::size_t>(Rule::code_missing) + 1);

}  // namespace iro::chain

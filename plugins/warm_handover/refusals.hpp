// plugins/warm_handover/refusals.hpp: why an event is refused: the rule's permanent name, and its words for people.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "iro/call.hpp"

namespace iro::handover {

enum class Rule : std::uint8_t {
  unknown_handover,
  handover_known,
  second_handover,
  not_the_speaker,
  other_school,
  other_student,
  other_provider,
  wrong_stage,
  handover_ended,
  reason_missing,
  support_missing,
  unknown_vacancy,
  already_asked,
  vacancy_does_not_fit,
  shifts_do_not_fit,
  no_free_seat,
  recognition_missing,
  contract_missing,
  too_many_hours_week,
  too_many_hours_day,
  not_chosen,
  not_invited,
  invitation_expired,
  already_accepted,
  two_primaries,
  code_missing,
  identity_before_acceptance,
  destination_not_agreed,
  not_ready,
  no_such_check,
  check_too_early,
  check_known,
  checks_open,
  provider_before_acceptance,
  provider_not_told,
  dossier_before_acceptance,
  note_not_read,
  signal_by_rule,
  author_missing,
  student_signal_elsewhere,
  signal_known,
  unknown_signal,
  signal_ended,
  follow_up_missing,
  date_is_past,
  id_not_usable
};

struct Refusal {
  Rule rule;
  std::string_view code;
  std::string_view nl;
  std::string_view en;
};

inline constexpr std::array refusal_table{
    Refusal{Rule::unknown_handover, "unknown_handover", "Deze overdracht is hier niet bekend.",
            "This handover is not known here."},
    Refusal{Rule::handover_known, "handover_known", "Deze overdracht is al gevraagd.",
            "This handover has been requested already."},
    Refusal{Rule::second_handover, "second_handover",
            "Voor deze student loopt al een overdracht: er is er een tegelijk.",
            "A handover of this student is open: there is one at a time."},
    Refusal{Rule::not_the_speaker, "not_the_speaker",
            "Alleen wie het aangaat, meldt dit: de eigen school of instelling.",
            "Only the one whose word it is may say this: the school or provider itself."},
    Refusal{Rule::other_school, "other_school", "Dit is de overdracht van een andere school.",
            "This handover is another school's."},
    Refusal{Rule::other_student, "other_student", "Deze overdracht gaat over iemand anders.",
            "This handover is about somebody else."},
    Refusal{Rule::other_provider, "other_provider", "Niet deze instelling heeft de student aangenomen.",
            "It is not this provider that accepted."},
    Refusal{Rule::wrong_stage, "wrong_stage", "Dat kan niet in de stand waarin de overdracht is.",
            "That cannot happen at the stage of this handover."},
    Refusal{Rule::handover_ended, "handover_ended", "De overdracht is beëindigd.", "The handover has ended."},
    Refusal{Rule::reason_missing, "reason_missing",
            "Een overdracht heeft een reden: een wettelijke, of dreigende uitval (WEB 7.2.9).",
            "A handover has a reason class: a statutory one, or a threatened dropout (WEB 7.2.9)."},
    Refusal{Rule::support_missing, "support_missing", "Wie geen overdracht wil, krijgt steun: van wie, en tot wanneer?",
            "A student who wants no handover gets support: by whom, and until when?"},
    Refusal{Rule::unknown_vacancy, "unknown_vacancy", "Deze stageplaats wordt niet aangeboden.",
            "This vacancy is not on offer."},
    Refusal{Rule::already_asked, "already_asked", "Deze plaats is in deze ronde al gevraagd.",
            "This place has been asked in this round."},
    Refusal{Rule::vacancy_does_not_fit, "vacancy_does_not_fit",
            "De plaats is niet voor deze opleiding, dit niveau, dit jaar of deze leerweg.",
            "The place is not for this programme, level, year or learning path."},
    Refusal{Rule::shifts_do_not_fit, "shifts_do_not_fit",
            "De diensten van deze plaats zijn geen van alle mogelijk voor de student.",
            "None of this place's shifts is possible for the student."},
    Refusal{Rule::no_free_seat, "no_free_seat", "In deze weken is er te weinig plaats vrij.",
            "Too few of these weeks have a free seat."},
    Refusal{Rule::recognition_missing, "recognition_missing",
            "Een mbo-stage kan alleen bij een erkend leerbedrijf voor die opleiding (WEB 7.2.10).",
            "An mbo placement needs a learning company that is recognised for the programme (WEB 7.2.10)."},
    Refusal{Rule::contract_missing, "contract_missing",
            "Een student in bbl of duaal is werknemer: een contract of detachering moet kunnen.",
            "A bbl or dual student is an employee: a contract or a secondment must be possible."},
    Refusal{Rule::too_many_hours_week, "too_many_hours_week",
            "Samen met de andere stages zijn dit te veel uren in een week.",
            "With the other placements these are too many hours in a week."},
    Refusal{Rule::too_many_hours_day, "too_many_hours_day",
            "Samen met de andere stages zijn dit te veel uren op een dag.",
            "With the other placements these are too many hours in a day."},
    Refusal{Rule::not_chosen, "not_chosen", "Eerst kiest een mens de plaats; dan volgt de uitnodiging.",
            "First a person chooses the place; the invitation follows."},
    Refusal{Rule::not_invited, "not_invited", "Deze instelling is niet uitgenodigd.", "This provider is not invited."},
    Refusal{Rule::invitation_expired, "invitation_expired", "De uitnodiging is verlopen; de volgende is gevraagd.",
            "The invitation has expired; the next one is asked."},
    Refusal{Rule::already_accepted, "already_accepted", "De uitnodiging is al aangenomen.",
            "The invitation has been accepted already."},
    Refusal{Rule::two_primaries, "two_primaries",
            "Er is al een praktijkopleider die verantwoordelijk is: per rol is er een de eerste.",
            "There is an accountable practice trainer already: one primary a role."},
    Refusal{Rule::code_missing, "code_missing", "Hier hoort een code bij.", "This needs its code."},
    Refusal{Rule::identity_before_acceptance, "identity_before_acceptance",
            "De naam wordt pas bekend aan wie de student heeft aangenomen.",
            "The name is disclosed only to the provider that accepted."},
    Refusal{Rule::destination_not_agreed, "destination_not_agreed",
            "De huidige instelling hoort de bestemming alleen als de student dat goedvindt.",
            "The present provider learns the destination only if the student agrees."},
    Refusal{Rule::not_ready, "not_ready", "Eerst de kennismaking, de overeenkomst en de aankomst; dan het begin.",
            "First the meeting, the agreement and the arrival; then the start."},
    Refusal{Rule::no_such_check, "no_such_check", "In deze week is er geen nazorg afgesproken.",
            "There is no check after that many weeks."},
    Refusal{Rule::check_too_early, "check_too_early", "Deze nazorg is nog niet aan de orde.",
            "This check is not due yet."},
    Refusal{Rule::check_known, "check_known", "Deze nazorg is al goed bevonden.",
            "This check has been found good already."},
    Refusal{Rule::checks_open, "checks_open",
            "Voltooid is een overdracht na de laatste nazorg, als de oude stage voorbij is.",
            "A handover is completed after its last check, when the old placement has ended."},
    Refusal{Rule::provider_before_acceptance, "provider_before_acceptance",
            "Voor de aanname hoort een instelling niet om wie het gaat.",
            "Before the acceptance no provider hears who it is about."},
    Refusal{Rule::provider_not_told, "provider_not_told", "De instelling die heeft aangenomen, moet het ook horen.",
            "The provider that accepted has to be told, too."},
    Refusal{Rule::dossier_before_acceptance, "dossier_before_acceptance",
            "Een dossierstuk gaat alleen naar de instelling die de student heeft aangenomen.",
            "A dossier item goes only to the provider that accepted."},
    Refusal{Rule::note_not_read, "note_not_read",
            "De student leest de notitie en mag antwoorden voor zij verzegeld wordt.",
            "The student reads the note and may answer before it is sealed."},
    Refusal{Rule::signal_by_rule, "signal_by_rule", "Een signaal geeft een mens, nooit een berekening.",
            "A signal is given by a person, never by a score."},
    Refusal{Rule::author_missing, "author_missing", "In welke rol wordt het signaal gegeven?",
            "In what role is the signal given?"},
    Refusal{Rule::student_signal_elsewhere, "student_signal_elsewhere",
            "Het signaal van een student zelf gaat alleen naar de eigen school.",
            "A student's own signal goes to the school alone."},
    Refusal{Rule::signal_known, "signal_known", "Dit signaal is er al.", "This signal is there already."},
    Refusal{Rule::unknown_signal, "unknown_signal", "Dit signaal is hier niet bekend.",
            "This signal is not known here."},
    Refusal{Rule::signal_ended, "signal_ended", "Het signaal is afgesloten.", "The signal is closed."},
    Refusal{Rule::follow_up_missing, "follow_up_missing",
            "Een signaal heeft een eigenaar, een volgende stap en een datum.",
            "A signal has an owner, a next action and a date."},
    Refusal{Rule::date_is_past, "date_is_past", "De volgende stap ligt in het verleden.",
            "The next action's date is in the past."},
    Refusal{Rule::id_not_usable, "id_not_usable", "Een aanduiding heeft 1 tot 80 tekens en draagt geen pseudoniem.",
            "An id has 1 to 80 characters and carries no pseudonym."},
};
constexpr std::span<const Refusal> refusals() { return refusal_table; }

constexpr const Refusal& of(Rule rule) { return refusal_table[static_cast<std::size_t>(rule)]; }
constexpr bool in_order() {
  for (std::size_t i = 0; i < refusal_table.size(); ++i) {
    if (static_cast<std::size_t>(refusal_table[i].rule) != i) return false;
  }
  return true;
}
static_assert(in_order());

/// The event never happened, for this reason.
inline Verdict refuse(Rule rule) {
  return {Verdict::Kind::reject, of(rule).code, {std::string(of(rule).nl), std::string(of(rule).en)}};
}

}  // namespace iro::handover

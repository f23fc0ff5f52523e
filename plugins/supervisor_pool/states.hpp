// plugins/supervisor_pool/states.hpp: the pool's state machine and its refusals, as data. Permanent words: people read
// them in `iro explain`, and tests/programmes wants to see each of them reached.
//
// A part of a supervision is queued, offered or assigned, and then over; a supervisor is active or gone. What the rule
// does is a row of `transitions`; what it refuses a row of `refusals`.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "plugins/supervisor_pool/records.hpp"

namespace iro::pool {

struct Row {
  std::string_view from;
  std::string_view on;
  std::string_view to;
  std::string_view nl;
  std::string_view en;
};

inline constexpr std::array transitions{
    // clang-format off
    Row{"-", "requested", "offered", "Er is een begeleider die past; die wordt gevraagd.", "A supervisor fits, and is asked."},
    Row{"-", "requested", "queued", "Er past nu niemand; de aanvraag wacht.", "Nobody fits now; the request waits."},
    Row{"-", "requested again", "offered", "Dezelfde student, dezelfde begeleider: die wordt als eerste gevraagd.", "The same student, the same supervisor: this one is asked first."},
    Row{"-", "requested again", "queued", "De begeleider van deze student kan niet en een ander is er niet; de aanvraag wacht.", "The student's own supervisor cannot, and there is no other; the request waits."},
    Row{"queued", "room", "offered", "Er is weer ruimte: wie het langst wacht, is aan de beurt.", "There is room again: who has waited longest is served."},
    Row{"queued", "offered by hand", "offered", "Iemand van de poule koos een begeleider uit de wachtrij.", "A person of the pool chose a supervisor for one who waited."},
    Row{"offered", "offered by hand", "offered", "Iemand van de poule vraagt een ander dan de regel vroeg.", "A person of the pool asks another than the rule did."},
    Row{"offered", "accepted", "assigned", "De begeleider neemt het aan; de school hoort dat er iemand komt.", "The supervisor accepts; the school hears that somebody comes."},
    Row{"offered", "accepted as a substitute", "assigned", "De vervanger neemt het aan; de school hoort van de wisseling.", "The substitute accepts; the school hears of the change."},
    Row{"offered", "declined", "offered", "De begeleider wil of kan niet; de volgende wordt gevraagd.", "The supervisor declines; the next one is asked."},
    Row{"offered", "declined", "queued", "De begeleider wil of kan niet en er is geen volgende; de aanvraag wacht.", "The supervisor declines, and there is no next one; the request waits."},
    Row{"offered", "answer date passed", "offered", "Er kwam geen antwoord; de volgende wordt gevraagd.", "No answer came; the next one is asked."},
    Row{"offered", "answer date passed", "queued", "Er kwam geen antwoord en er is geen volgende; de aanvraag wacht.", "No answer came, and there is no next one; the request waits."},
    Row{"assigned or offered", "not available", "offered", "De begeleider is er in deze weken niet; een vervanger wordt gevraagd.", "The supervisor is not there in these weeks; a substitute is asked."},
    Row{"assigned or offered", "not available", "queued", "De begeleider is er in deze weken niet en een vervanger is er niet; deze weken wachten.", "The supervisor is not there in these weeks, and there is no substitute; these weeks wait."},
    Row{"assigned or offered", "recalled", "offered", "De werkgever haalt de begeleider terug; een ander wordt gevraagd.", "The employer takes the supervisor back; another one is asked."},
    Row{"assigned or offered", "recalled", "queued", "De werkgever haalt de begeleider terug en een ander is er niet; de aanvraag wacht.", "The employer takes the supervisor back, and there is no other; the request waits."},
    Row{"assigned or offered", "left", "offered", "De begeleider vertrekt; een ander wordt gevraagd.", "The supervisor leaves; another one is asked."},
    Row{"assigned or offered", "left", "queued", "De begeleider vertrekt en een ander is er niet; de aanvraag wacht.", "The supervisor leaves, and there is no other; the request waits."},
    Row{"queued", "available again", "assigned", "De begeleider is terug voordat er een vervanger was.", "The supervisor is back before there was a substitute."},
    Row{"offered", "available again", "assigned", "De begeleider is terug; de vervanger die gevraagd was, hoeft niet meer.", "The supervisor is back; the substitute who was asked is not needed."},
    Row{"queued", "ended", "over", "De aanvraag is niet meer nodig en gaat uit de wachtrij.", "The request is no longer needed and leaves the queue."},
    Row{"offered", "ended", "over", "De begeleiding is niet meer nodig; wie gevraagd was, hoort het.", "The supervision is no longer needed; who was asked is told."},
    Row{"assigned", "ended", "over", "De begeleiding eindigt; de plek bij de begeleider is vrij.", "The supervision ends; the supervisor has a free seat."},
    Row{"open", "placement ended", "over", "De stage is beëindigd, dus de begeleiding ook.", "The placement ended, and so does the supervision."},
    Row{"open", "handover ended", "over", "De overdracht gaat niet door, dus de begeleiding ook niet.", "The handover does not go on, nor does the supervision."},
    Row{"open", "chain ended", "over", "De keten is voorbij, of de student verlaat haar; de begeleiding eindigt.", "The chain is over, or the student leaves it; the supervision ends."},
    Row{"open", "last week passed", "over", "De laatste week is voorbij.", "The last week has passed."},
    Row{"-", "registered", "active", "De begeleider staat in de poule.", "The supervisor is in the pool."},
    Row{"active", "registered", "active", "De gegevens van de begeleider zijn vervangen.", "What is known of the supervisor is replaced."},
    Row{"gone", "registered", "active", "De begeleider is terug in de poule.", "The supervisor is in the pool again."},
    Row{"active", "qualified", "active", "De bevoegdheid van de begeleider is bijgeschreven.", "The supervisor's qualification is in the register."},
    Row{"active", "availability changed", "active", "De weken van de begeleider zijn bijgewerkt.", "The supervisor's weeks are brought up to date."},
    Row{"active", "recalled", "gone", "De begeleider gaat terug naar de werkgever.", "The supervisor goes back to the employer."},
    Row{"active", "left", "gone", "De begeleider verlaat de poule.", "The supervisor leaves the pool."},
    Row{"any", "subject erased", "any", "Van een gewiste persoon telt niets meer mee.", "Nothing of an erased person counts any more."},
    // clang-format on
};

/// The row with these three, which must exist: a transition that is not in the table does not compile.
consteval const Row& row(std::string_view from, std::string_view on, std::string_view to) {
  for (const Row& one : transitions) {
    if (one.from == from && one.on == on && one.to == to) return one;
  }
  throw "no such transition";
}

/// What is said when somebody is asked for a part, or nobody can be.
constexpr const Row& row_of(Cause cause, bool asked) {
  constexpr std::array on{
      std::array{&row("-", "requested", "queued"), &row("-", "requested", "offered")},
      std::array{&row("-", "requested again", "queued"), &row("-", "requested again", "offered")},
      std::array{&row("-", "requested", "queued"), &row("queued", "room", "offered")},
      std::array{&row("offered", "declined", "queued"), &row("offered", "declined", "offered")},
      std::array{&row("offered", "answer date passed", "queued"), &row("offered", "answer date passed", "offered")},
      std::array{&row("assigned or offered", "not available", "queued"),
                 &row("assigned or offered", "not available", "offered")},
      std::array{&row("assigned or offered", "recalled", "queued"), &row("assigned or offered", "recalled", "offered")},
      std::array{&row("assigned or offered", "left", "queued"), &row("assigned or offered", "left", "offered")},
  };
  return *on[static_cast<std::size_t>(cause)][asked ? 1 : 0];
}

struct Refusal {
  std::string_view code;
  std::string_view nl;
  std::string_view en;
};

inline constexpr std::array refusals{
    // clang-format off
    Refusal{"task_outside_role", "Dit is geen taak van de poule: begeleiden, driegesprek, intervisie of samen beoordelen. De poule vervangt de werkbegeleider nooit.", "This is no task of the pool: supervise, three-way talk, peer group, or assess together. The pool never replaces the ward supervisor."},
    Refusal{"assessment_needs_provider", "Beoordelen gebeurt samen met iemand van de instelling; noem de instelling.", "An assessment is made together with someone of the provider; name the provider."},
    Refusal{"weeks_not_valid", "Geef een eerste en een laatste week die bestaan, in die volgorde, hoogstens twee jaar.", "Give a first and a last week that exist, in that order, two years at most."},
    Refusal{"weeks_past", "Alle weken zijn al voorbij.", "All of the weeks have passed."},
    Refusal{"already_requested", "Onder dit nummer is al begeleiding voor iets anders gevraagd.", "Supervision for something else was requested under this id."},
    Refusal{"supervision_unknown", "Deze begeleiding is niet gevraagd.", "This supervision was not requested."},
    Refusal{"supervision_over", "Deze begeleiding is al voorbij.", "This supervision is over."},
    Refusal{"not_a_party", "Alleen de school, de instelling van de student of het bureau vraagt en beëindigt begeleiding.", "Only the student's school, the provider or the bureau asks for supervision and ends it."},
    Refusal{"not_offered", "Aan deze begeleider is dit niet gevraagd.", "This was not offered to this supervisor."},
    Refusal{"offer_lapsed", "Het aanbod is vervallen; er is een ander gevraagd of de aanvraag wacht.", "The offer has lapsed; another one was asked, or the request waits."},
    Refusal{"decline_without_code", "Afwijzen kan alleen met een code.", "An offer is declined with a code only."},
    Refusal{"already_assigned", "Deze begeleiding heeft al een begeleider.", "This supervision has a supervisor already."},
    Refusal{"supervisor_unknown", "Deze begeleider staat niet in de poule.", "This supervisor is not in the pool."},
    Refusal{"supervisor_id_taken", "Onder dit nummer staat een ander in de poule.", "Somebody else is in the pool under this id."},
    Refusal{"supervisor_gone", "Deze begeleider is niet meer in de poule.", "This supervisor is no longer in the pool."},
    Refusal{"not_the_employer", "Alleen de werkgever of de poule spreekt voor een begeleider.", "Only the employer or the pool speaks for a supervisor."},
    Refusal{"not_lent", "Wie bij de poule in dienst is, kan niet worden teruggeroepen.", "Who is employed by the pool cannot be recalled."},
    Refusal{"fte_not_valid", "De omvang is meer dan 0 en hoogstens 100 honderdsten van een voltijdweek.", "The share is more than 0 and at most 100 hundredths of a full-time week."},
    Refusal{"level_not_valid", "Een niveau is 1 tot en met 4, of 6.", "A level is 1 to 4, or 6."},
    Refusal{"area_not_valid", "Een woongebied is vier cijfers van een postcode, zonder adres.", "A home area is the four digits of a postcode, without an address."},
    Refusal{"qualification_expired", "Deze bevoegdheid is al verlopen.", "This qualification has expired."},
    Refusal{"supervisor_absent", "De begeleider is er in een van deze weken niet.", "The supervisor is not there in one of these weeks."},
    Refusal{"supervisor_over_capacity", "De begeleider heeft in een van deze weken geen plek meer.", "The supervisor has no seat left in one of these weeks."},
    Refusal{"supervisor_not_qualified", "De begeleider is voor deze taak niet geschoold, of niet in al deze weken.", "The supervisor is not trained for this task, or not in all of these weeks."},
    Refusal{"summer_needs_teacher", "Een zomerplaats vraagt een docent van de school van de student.", "A summer placement needs a teacher of the student's school."},
    Refusal{"lateral_share_used", "Het deel voor zij-instromers is op; zij gebruiken geen begeleiding van studenten.", "The share of lateral entrants is used; they do not draw on that of students."},
    Refusal{"in_ward_roster", "Een mentor die in het rooster van de afdeling meetelt, is niet vrij voor de poule.", "A mentor who counts in the ward's roster is not free for the pool."},
    Refusal{"too_many_hours_in_week", "Zoveel uren in een week kan niet, over alle begeleidingen samen.", "That is more hours than a week has, over all supervisions together."},
    Refusal{"week_not_worked", "In deze week had de begeleider deze student niet, of de week moet nog komen.", "The supervisor did not have this student in this week, or it is still to come."},
    // clang-format on
};

consteval const Refusal& refusal(std::string_view code) {
  for (const Refusal& one : refusals) {
    if (one.code == code) return one;
  }
  throw "no such refusal";
}

}  // namespace iro::pool

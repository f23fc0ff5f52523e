// plugins/warm_handover/states.hpp: the two state machines as data (events.md, "Warm handover"; domain.md 4, signals),
// and every refusal with its words. A rule looks a row up, goes where it says and explains it in the row's words. One
// row a sentence, so that a test can see which rows were walked. Stages stand in state: their numbers are permanent.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace iro::handover {

enum class Stage : std::uint8_t {
  none,
  intake,
  searching,
  unplaced,
  inviting,
  accepted,
  preparing,
  ready,
  overlap,
  aftercare,
  completed,
  stayed,
  stopped,
  cancelled,
  signal_open,
  signal_owned,
  signal_escalated,
  signal_closed
};

/// What happens: an event of that name, or what a rule concludes from one.
enum class On : std::uint8_t {
  requested,
  student_agreed,
  student_declined,
  candidates_proposed,
  candidate_chosen,
  invited,
  accepted,
  declined,
  invitation_expired,
  unplaced,
  identity_disclosed,
  meeting_held,
  meeting_waived,
  agreement_final,
  arrival_confirmed,
  prepared,
  started_overlapping,
  started,
  old_placement_ended,
  check_due,
  check_good,
  check_attention,
  last_check_good,
  check_failed,
  new_placement_failed,
  new_placement_done,
  completed,
  provider_withdrawn,
  student_withdrawn,
  action_due,
  stayed,
  stopped,
  cancelled,
  at_risk,
  owner_assigned,
  followed_up,
  escalated_no_owner,
  escalated_date,
  escalated_asked,
  closed
};

struct Row {
  std::uint32_t from;  // a bit a stage
  On on;
  Stage to;  // Stage::none: it stays where it is
  std::string_view nl;
  std::string_view en;
};

template <typename... Stages>
constexpr std::uint32_t in(Stages... stages) {
  return (std::uint32_t{0} | ... | (std::uint32_t{1} << static_cast<unsigned>(stages)));
}
inline constexpr std::uint32_t placed =
    in(Stage::accepted, Stage::preparing, Stage::ready, Stage::overlap, Stage::aftercare);
inline constexpr std::uint32_t running = in(Stage::overlap, Stage::aftercare);
inline constexpr std::uint32_t open = in(Stage::intake, Stage::searching, Stage::unplaced, Stage::inviting) | placed;
inline constexpr std::uint32_t signalled = in(Stage::signal_open, Stage::signal_owned, Stage::signal_escalated);
constexpr bool is_in(Stage stage, std::uint32_t stages) { return (in(stage)&stages) != 0; }

inline constexpr std::array rows{
    Row{in(Stage::none), On::requested, Stage::intake,
        "De school vraagt een warme overdracht; eerst wordt de student gevraagd.",
        "The school asks for a warm handover; the student is asked first."},
    Row{in(Stage::intake), On::student_agreed, Stage::searching, "De student stemt in: er wordt een plaats gezocht.",
        "The student agrees: a place is sought."},
    Row{in(Stage::intake), On::student_declined, Stage::intake,
        "De student wil geen overdracht: er is steun, van iemand en tot een datum.",
        "The student wants no handover: there is support, by somebody and until a date."},
    Row{in(Stage::searching), On::candidates_proposed, Stage::searching,
        "Passende plaatsen zijn voorgesteld, met redenen; een mens kiest.",
        "Places that fit are proposed, with reasons; a person chooses."},
    Row{in(Stage::unplaced), On::candidates_proposed, Stage::searching,
        "Er is een passende plaats bijgekomen: het zoeken gaat verder.",
        "A place that fits has come up: the search goes on."},
    Row{in(Stage::searching), On::unplaced, Stage::unplaced,
        "Er is nog geen plaats: het bureau hoort het, en SBB via de school; de plicht blijft.",
        "There is no place for now: the bureau is told, and SBB by the school; the duty goes on."},
    Row{in(Stage::unplaced), On::unplaced, Stage::unplaced, "SBB weet ervan; de plicht blijft.",
        "SBB knows; the duty goes on."},
    Row{in(Stage::searching), On::candidate_chosen, Stage::searching,
        "De plaats is gekozen; de instelling wordt uitgenodigd, zonder de student te noemen.",
        "The place is chosen; its provider is invited, without the student."},
    Row{in(Stage::searching), On::invited, Stage::inviting, "De instelling is uitgenodigd, met een uiterste datum.",
        "The provider is invited, with a date by which to answer."},
    Row{in(Stage::inviting), On::accepted, Stage::accepted,
        "De instelling neemt de student aan; nu mag de naam bekend worden.",
        "The provider accepts; now the name may be disclosed."},
    Row{in(Stage::inviting), On::declined, Stage::searching,
        "De instelling wijst af, met een code; de volgende kandidaat is aan de beurt.",
        "The provider declines, with a code; the next candidate is asked."},
    Row{in(Stage::inviting), On::invitation_expired, Stage::searching,
        "De uitnodiging is verlopen; de klok gaat door, de plicht blijft.",
        "The invitation has expired; the clock moves on, the duty stays."},
    Row{placed, On::identity_disclosed, Stage::none, "De naam is verzegeld bekendgemaakt, na de aanname.",
        "The name is disclosed, sealed, after the acceptance."},
    Row{in(Stage::accepted), On::meeting_held, Stage::preparing,
        "De oude en de nieuwe begeleider hebben de student samen gesproken.",
        "The old and the new supervisor have met with the student."},
    Row{in(Stage::accepted), On::meeting_waived, Stage::preparing,
        "De kennismaking vervalt, om een reden met een code.", "The meeting is waived, for a coded reason."},
    Row{in(Stage::accepted, Stage::preparing), On::agreement_final, Stage::none,
        "De praktijkovereenkomst is definitief.", "The placement agreement is final."},
    Row{in(Stage::accepted, Stage::preparing), On::arrival_confirmed, Stage::none, "De afdeling verwacht de student.",
        "The ward expects the student."},
    Row{in(Stage::preparing), On::prepared, Stage::ready,
        "Overeenkomst en aankomst zijn rond: de student kan beginnen.",
        "Agreement and arrival are settled: the student can start."},
    Row{in(Stage::ready), On::started_overlapping, Stage::overlap,
        "De student is begonnen; de oude stage loopt nog even mee.",
        "The student has started; the old placement runs on for a while."},
    Row{in(Stage::ready), On::started, Stage::aftercare, "De student is begonnen; de nazorg loopt.",
        "The student has started; the aftercare runs."},
    Row{in(Stage::overlap), On::old_placement_ended, Stage::aftercare, "De oude stage is beëindigd; de nazorg loopt.",
        "The old placement has ended; the aftercare runs."},
    Row{running, On::check_due, Stage::none, "Het is tijd voor de nazorg.", "A check is due."},
    Row{running, On::check_good, Stage::none, "De eerste nazorg is goed.", "The first check is good."},
    Row{running, On::check_attention, Stage::none, "De nazorg vraagt aandacht; er komt een nieuwe datum.",
        "The check asks for attention; there is a new date."},
    Row{running, On::last_check_good, Stage::none, "De laatste nazorg is goed.", "The last check is good."},
    Row{running, On::check_failed, Stage::searching, "Het gaat niet: er wordt opnieuw een plaats gezocht.",
        "It does not work: a place is sought again."},
    Row{running, On::new_placement_failed, Stage::searching,
        "De nieuwe stage is voortijdig beëindigd: er wordt opnieuw een plaats gezocht.",
        "The new placement ended early: a place is sought again."},
    Row{running, On::new_placement_done, Stage::none, "De nieuwe stage is afgerond zoals gepland.",
        "The new placement has been finished as planned."},
    Row{running, On::completed, Stage::completed, "De overdracht is voltooid.", "The handover is completed."},
    Row{in(Stage::accepted), On::provider_withdrawn, Stage::searching,
        "De nieuwe instelling trekt zich terug na de aanname: er wordt verder gezocht.",
        "The new provider withdraws after its acceptance: the search goes on."},
    Row{in(Stage::preparing), On::provider_withdrawn, Stage::searching,
        "De nieuwe instelling trekt zich terug tijdens de voorbereiding: er wordt verder gezocht.",
        "The new provider withdraws during the preparation: the search goes on."},
    Row{in(Stage::ready), On::provider_withdrawn, Stage::searching,
        "De nieuwe instelling trekt zich terug vlak voor het begin: er wordt verder gezocht.",
        "The new provider withdraws just before the start: the search goes on."},
    Row{in(Stage::searching, Stage::unplaced), On::student_withdrawn, Stage::intake,
        "De student trekt de instemming in tijdens het zoeken.", "The student withdraws during the search."},
    Row{in(Stage::inviting), On::student_withdrawn, Stage::intake,
        "De student trekt de instemming in; de uitnodiging vervalt.", "The student withdraws; the invitation ends."},
    Row{in(Stage::accepted), On::student_withdrawn, Stage::intake,
        "De student trekt de instemming in na de aanname; de plaats komt vrij.",
        "The student withdraws after the acceptance; the seat is free."},
    Row{in(Stage::preparing), On::student_withdrawn, Stage::intake,
        "De student trekt de instemming in tijdens de voorbereiding; de plaats komt vrij.",
        "The student withdraws during the preparation; the seat is free."},
    Row{in(Stage::ready), On::student_withdrawn, Stage::intake,
        "De student trekt de instemming in vlak voor het begin; de plaats komt vrij.",
        "The student withdraws just before the start; the seat is free."},
    Row{open, On::action_due, Stage::none, "Er gebeurt niets: wie aan zet is, hoort het.",
        "Nothing happens: whoever has to act is told."},
    Row{open, On::stayed, Stage::stayed, "De student blijft.", "The student stays."},
    Row{open, On::stopped, Stage::stopped, "De overdracht stopt; plaatsen komen vrij.",
        "The handover stops; seats are free."},
    Row{open, On::cancelled, Stage::cancelled, "De overdracht is geannuleerd.", "The handover is cancelled."},

    Row{in(Stage::none), On::at_risk, Stage::signal_open, "Er is een signaal, van een mens.",
        "There is a signal, by a person."},
    Row{in(Stage::signal_open), On::owner_assigned, Stage::signal_owned,
        "Het signaal heeft een eigenaar, een volgende stap en een datum.",
        "The signal has an owner, a next action and a date."},
    Row{in(Stage::signal_owned), On::owner_assigned, Stage::signal_owned,
        "Het signaal gaat over naar een andere eigenaar.", "The signal goes to another owner."},
    Row{in(Stage::signal_escalated), On::owner_assigned, Stage::signal_owned,
        "Na de opschaling heeft het signaal weer een eigenaar.", "After the escalation the signal has an owner again."},
    Row{signalled, On::followed_up, Stage::signal_owned, "Het signaal is opgevolgd; de volgende stap heeft een datum.",
        "The signal was followed up; the next action has a date."},
    Row{in(Stage::signal_open), On::escalated_no_owner, Stage::signal_escalated,
        "Niemand heeft het signaal opgepakt: het gaat naar de stagecoördinator.",
        "Nobody has taken the signal up: it goes to the placement coordinator."},
    Row{in(Stage::signal_owned, Stage::signal_escalated), On::escalated_date, Stage::signal_escalated,
        "De datum is voorbij en er is niets gebeurd: het gaat naar de stagecoördinator.",
        "The date has passed and nothing happened: it goes to the placement coordinator."},
    Row{signalled, On::escalated_asked, Stage::signal_escalated, "Er is om opschaling gevraagd.",
        "Escalation was asked for."},
    Row{signalled, On::closed, Stage::signal_closed, "Het signaal is afgesloten.", "The signal is closed."},
};
constexpr std::span<const Row> transitions() { return rows; }

/// The row that `on` walks from `stage`; none: it cannot happen there.
constexpr const Row* row_of(Stage stage, On on) {
  for (const Row& row : rows) {
    if (row.on == on && is_in(stage, row.from)) return &row;
  }
  return nullptr;
}

struct StageName {
  std::string_view code;
  std::string_view nl;
  std::string_view en;
};
inline constexpr std::array<StageName, 18> stage_names{{{"none", "onbekend", "unknown"},
                                                        {"intake", "intake", "intake"},
                                                        {"searching", "zoekt een plaats", "searching"},
                                                        {"unplaced", "nog geen plaats", "unplaced"},
                                                        {"inviting", "uitgenodigd", "inviting"},
                                                        {"accepted", "aangenomen", "accepted"},
                                                        {"preparing", "in voorbereiding", "preparing"},
                                                        {"ready", "gereed", "ready"},
                                                        {"overlap", "loopt samen", "overlap"},
                                                        {"aftercare", "nazorg", "aftercare"},
                                                        {"completed", "voltooid", "completed"},
                                                        {"stayed", "gebleven", "stayed"},
                                                        {"stopped", "gestopt", "stopped"},
                                                        {"cancelled", "geannuleerd", "cancelled"},
                                                        {"open", "open", "open"},
                                                        {"owned", "heeft een eigenaar", "owned"},
                                                        {"escalated", "opgeschaald", "escalated"},
                                                        {"closed", "afgesloten", "closed"}}};
constexpr const StageName& name_of(Stage stage) { return stage_names[static_cast<std::size_t>(stage) % 18]; }

/// No two rows share a sentence or fight over a step.
constexpr bool rows_differ() {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = i + 1; j < rows.size(); ++j) {
      if (rows[i].en == rows[j].en || rows[i].nl == rows[j].nl) return false;
      if (rows[i].on == rows[j].on && (rows[i].from & rows[j].from) != 0) return false;
    }
  }
  return true;
}
static_assert(rows_differ());

}  // namespace iro::handover

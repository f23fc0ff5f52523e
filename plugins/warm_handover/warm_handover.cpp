// The warm handover of a student (domain.md 4, 5, 8, 9; events.md): what is heard, what rings, what is shown.
#include "rule.hpp"

namespace iro::handover {

void WarmHandover::selftest(const iro::SelfTest& report) {
  bool ends = true;
  for (auto stage = static_cast<unsigned>(Stage::intake); stage <= static_cast<unsigned>(Stage::aftercare); ++stage) {
    for (const On on : {On::stayed, On::stopped, On::cancelled})
      ends = ends && row_of(static_cast<Stage>(stage), on) != nullptr;
  }
  report("every open stage can end", ends);
  Figures figures;
  figures[0] = {{"hospital", {30, 20, 15}}, {"youth_care", {4, 12, 11}}};
  figures[1] = figures[2] = {{"all", {34, 32, 26}}};
  const Release release = protect(figures, 2025, 10);
  report("a small number is left out of the figures", !release.tables[0][1].by_profile[0].has_value());
  report("and does not follow from the others", another(figures, release, {0, 1, 0}).has_value());
}

}  // namespace iro::handover

using iro::handover::WarmHandover;

IRO_PLUGIN(iro::plugin<WarmHandover>()
               .with<&WarmHandover::members>()
               .on<&WarmHandover::requested>()
               .on<&WarmHandover::student_agreed>()
               .on<&WarmHandover::student_declined>()
               .on<&WarmHandover::student_withdrawn>()
               .on<&WarmHandover::stayed>()
               .on<&WarmHandover::stopped>()
               .on<&WarmHandover::cancelled>()
               .on<&WarmHandover::action_due>()
               .on<&WarmHandover::candidates_proposed>()
               .on<&WarmHandover::candidate_chosen>()
               .on<&WarmHandover::unplaced>()
               .on<&WarmHandover::vacancy_opened>()
               .on<&WarmHandover::vacancy_changed>()
               .on<&WarmHandover::vacancy_reoffered>()
               .on<&WarmHandover::vacancy_withdrawn>()
               .on<&WarmHandover::recognition_granted>()
               .on<&WarmHandover::recognition_lost>()
               .on<&WarmHandover::invited>()
               .on<&WarmHandover::accepted>()
               .on<&WarmHandover::declined>()
               .on<&WarmHandover::invitation_expired>()
               .on<&WarmHandover::provider_withdrawn>()
               .on<&WarmHandover::identity_disclosed>()
               .on<&WarmHandover::meeting_planned>()
               .on<&WarmHandover::meeting_held>()
               .on<&WarmHandover::meeting_waived>()
               .on<&WarmHandover::agreement_finalised>()
               .on<&WarmHandover::arrival_confirmed>()
               .on<&WarmHandover::started>()
               .on<&WarmHandover::check_due>()
               .on<&WarmHandover::check_done>()
               .on<&WarmHandover::completed>()
               .on<&WarmHandover::placement_confirmed>()
               .on<&WarmHandover::placement_adopted>()
               .on<&WarmHandover::placement_self_found>()
               .on<&WarmHandover::placement_started>()
               .on<&WarmHandover::placement_ended>()
               .on<&WarmHandover::hours_approved>()
               .on<&WarmHandover::hours_deviated>()
               .on<&WarmHandover::item_sealed>()
               .on<&WarmHandover::item_rectified>()
               .on<&WarmHandover::item_delivered>()
               .on<&WarmHandover::consent_given>()
               .on<&WarmHandover::consent_withdrawn>()
               .on<&WarmHandover::at_risk>()
               .on<&WarmHandover::owner_assigned>()
               .on<&WarmHandover::followed_up>()
               .on<&WarmHandover::escalated>()
               .on<&WarmHandover::closed>()
               .on<&WarmHandover::room_counted>()
               .on<&WarmHandover::dropout_counted>()
               .alarm<&WarmHandover::search_ends, &WarmHandover::search_ended>()
               .alarm<&WarmHandover::invitation_ends, &WarmHandover::no_answer>()
               .alarm<&WarmHandover::stalled, &WarmHandover::nothing_happened>()
               .alarm<&WarmHandover::first_check, &WarmHandover::time_for_first_check>()
               .alarm<&WarmHandover::last_check, &WarmHandover::time_for_last_check>()
               .alarm<&WarmHandover::signal_waits, &WarmHandover::signal_unheeded>()
               .alarm<&WarmHandover::overlap_over, &WarmHandover::old_one_ended>()
               .alarm<&WarmHandover::forget_case, &WarmHandover::forget>()
               .alarm<&WarmHandover::forget_signal, &WarmHandover::forget_one_signal>()
               .alarm<&WarmHandover::wake, &WarmHandover::wake_more>()
               .alarm<&WarmHandover::release_due, &WarmHandover::publish>()
               .view<"handovers", &WarmHandover::show_handovers>()
               .view<"handover", &WarmHandover::show_handover>()
               .view<"board", &WarmHandover::show_board>()
               .view<"timeline", &WarmHandover::show_timeline>()
               .view<"load", &WarmHandover::show_load>()
               .view<"support", &WarmHandover::show_support>()
               .view<"dropout", &WarmHandover::show_dropout>()
               .view<"dropout-chart", &WarmHandover::show_dropout_chart>()
               .selftest<&WarmHandover::selftest>())

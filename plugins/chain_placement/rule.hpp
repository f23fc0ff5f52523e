// plugins/chain_placement/rule.hpp: the rule: what it hears, what it shows, its settings.
//
// A handler decides first (a refusal changes nothing), then loads a Work
// (work.hpp), changes it by rows of states.hpp, and saves it once. chains.cpp has
// the handlers of chain.*, legs.cpp those of leg.*, upkeep.cpp what it only hears
// of, views.cpp what it shows.
#pragma once

#include <charconv>
#include <iro/directory.hpp>
#include <iro/events/agreement.hpp>
#include <iro/events/arrival.hpp>
#include <iro/events/handover.hpp>
#include <iro/events/placement.hpp>
#include <iro/events/recognition.hpp>
#include <iro/events/vacancy.hpp>
#include <iro/plugin.hpp>

#include "plugins/chain_placement/model.hpp"

namespace iro::chain {

/// The number at the end of a key of a chain and a place in its group; 0: there is none.
inline std::uint8_t place_of(std::string_view key) {
  const std::string_view digits = key.substr(key.rfind('/') + 1);
  std::uint8_t out = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return read.ec == std::errc() ? out : std::uint8_t{0};
}

/// An id as it stands in a key of state or of a timer (iro::Key), as it was.
inline std::string id_of(std::string_view key) {
  std::string out;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const std::string_view three = key.substr(i, 3);
    if (three == "%2F" || three == "%25") {
      out += three == "%2F" ? '/' : '%';
      i += 2;
    } else {
      out += key[i];
    }
  }
  return out;
}

/// Fits an id into a key of state, with what this rule puts around it? A key has 255 bytes.
inline bool usable(std::string_view id) { return !id.empty() && iro::Key(id).text().size() <= 200; }
/// Of a chain, whose legs are named after it.
inline bool usable_for_chain(std::string_view id) { return !id.empty() && iro::Key(id).text().size() <= 60; }

struct Config {
  std::uint16_t respond_days = 14;
  std::uint16_t fill_weeks = 4;
  std::uint16_t leg_respond_days = 14;
  std::uint16_t interrupted_days = 14;
  std::uint16_t ask_again_days = 7;
  std::uint16_t most_asks = 10;
  std::uint16_t notice_weeks = 2;
  std::uint16_t lost_weeks = 0;
  std::uint16_t hours_per_week = 32;
  std::uint16_t hours_per_day = 10;
  std::uint16_t most_hours_per_week = 40;
  std::uint16_t supervision_minutes = 30;
  void settings(auto& is) {
    is("respond_days", respond_days);
    is("fill_weeks", fill_weeks);
    is("leg_respond_days", leg_respond_days);
    is("interrupted_days", interrupted_days);
    is("ask_again_days", ask_again_days);
    is("most_asks", most_asks);
    is("notice_weeks", notice_weeks);
    is("lost_weeks", lost_weeks);
    is("hours_per_week", hours_per_week);
    is("hours_per_day", hours_per_day);
    is("most_hours_per_week", most_hours_per_week);
    is("supervision_minutes", supervision_minutes);
  }
};

struct ChainPlacement {
  using Config = chain::Config;
  Config config;
  iro::Directory members{};
  iro::State<Chain> chains{"chains"};                                           // by chain
  iro::State<std::string> chain_of{"chain_of"};                                 // by leg
  iro::State<Loss> losses{"losses"};                                            // by chain and station, for the sweep
  iro::State<std::map<std::string, Recognition>> recognitions{"recognitions"};  // by provider and programme; by company
  iro::PersonState<Participant> participants{"participants"};                   // by chain and place in the group
  iro::PersonState<Other> others{"others"};                                     // by placement
  iro::PersonState<HoursBook> books{"books"};                                   // by leg, or placement
  iro::PersonState<Step> steps{"steps"};                                        // by placement
  iro::PersonState<OpenHandover> handovers{"handovers"};                        // by handover
  iro::Alarm confirm_by{"confirm_by"};
  iro::Alarm fill_by{"fill_by"};
  iro::Alarm answer_by{"answer_by"};
  iro::Alarm resume_by{"resume_by"};
  iro::Alarm ask_again{"ask_again"};  // by chain and place in the group: a handover was refused
  iro::Alarm sweep{"sweep"};

  // chains.cpp
  iro::Verdict proposed(const events::ChainProposed& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict confirmed(const events::ChainConfirmed& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict joined(const events::ChainStudentJoined& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict left(const events::ChainStudentLeft& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict dissolved(const events::ChainDissolved& said, const iro::Event& event, iro::Effects& fx) const;
  void not_confirmed(const iro::Timer& timer, iro::Effects& fx) const;
  void not_filled(const iro::Timer& timer, iro::Effects& fx) const;

  // legs.cpp
  iro::Verdict leg_confirmed(const events::LegConfirmed& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict leg_declined(const events::LegDeclined& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict leg_started(const events::LegStarted& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict leg_interrupted(const events::LegInterrupted& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict leg_resumed(const events::LegResumed& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict leg_failed(const events::LegFailed& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict leg_assessed(const events::LegAssessed& said, const iro::Event& event, iro::Effects& fx) const;
  iro::Verdict leg_handed_on(const events::LegHandedOn& said, const iro::Event& event, iro::Effects& fx) const;
  void not_answered(const iro::Timer& timer, iro::Effects& fx) const;
  void not_resumed(const iro::Timer& timer, iro::Effects& fx) const;

  // upkeep.cpp
  void agreement(const events::AgreementFinalised& said, const iro::Event& event, iro::Effects& fx) const;
  void arrival(const events::ArrivalConfirmed& said, const iro::Event& event, iro::Effects& fx) const;
  void registered(const events::HoursRegistered& said, const iro::Event& event, iro::Effects& fx) const;
  void approved(const events::HoursApproved& said, const iro::Event& event, iro::Effects& fx) const;
  void recognised(const events::RecognitionGranted& said, iro::Effects& fx) const;
  void unrecognised(const events::RecognitionLost& said, const iro::Event& event, iro::Effects& fx) const;
  void withdrawn(const events::VacancyWithdrawn& said, iro::Effects& fx) const;
  void member_left(const events::MemberLeft& said, iro::Effects& fx) const;
  void placement_adopted(const events::PlacementAdopted& said, const iro::Event& event, iro::Effects& fx) const;
  void placement_found(const events::PlacementSelfFound& said, const iro::Event& event, iro::Effects& fx) const;
  void placement_confirmed(const events::PlacementConfirmed& said, const iro::Event& event, iro::Effects& fx) const;
  void placement_started(const events::PlacementStarted& said, const iro::Event& event, iro::Effects& fx) const;
  void placement_ended(const events::PlacementEnded& said, const iro::Event& event, iro::Effects& fx) const;
  void handover_requested(const events::HandoverRequested& said, const iro::Event& event, iro::Effects& fx) const;
  void handover_cancelled(const events::HandoverCancelled& said, const iro::Event& event, iro::Effects& fx) const;
  void handover_completed(const events::HandoverCompleted& said, const iro::Event& event, iro::Effects& fx) const;
  void handover_stopped(const events::HandoverStopped& said, const iro::Event& event, iro::Effects& fx) const;
  void handover_stayed(const events::HandoverStayed& said, const iro::Event& event, iro::Effects& fx) const;
  void not_taken(const events::Refused& said, iro::Effects& fx) const;
  void asks_again(const iro::Timer& timer, iro::Effects& fx) const;
  void sweeps(const iro::Timer& timer, iro::Effects& fx) const;

  // views.cpp
  std::string show_chains(const iro::View& view) const;
  std::string show_chain(const iro::View& view) const;
  std::string show_legs(const iro::View& view) const;
  std::string show_board(const iro::View& view) const;
  std::string show_timeline(const iro::View& view) const;
  std::string show_load(const iro::View& view) const;
  std::string show_coverage(const iro::View& view) const;
  std::string show_route(const iro::View& view) const;

  // What several of them ask.
  /// Nothing: there is no such chain (or what is given is no id that could be one's).
  [[nodiscard]] std::optional<Chain> find_chain(const iro::Look& look, std::string_view id) const {
    return usable(id) ? chains.get(look, id) : std::nullopt;
  }
  /// The chain's id of a leg.
  [[nodiscard]] std::optional<std::string> chain_of_leg(const iro::Look& look, std::string_view leg) const {
    return usable(leg) ? chain_of.get(look, leg) : std::nullopt;
  }
  [[nodiscard]] bool is_recognised(const iro::Look& look, const Chain& chain, const Station& station,
                                   const Span& period) const;
  /// The problem of a chain as it stands. `today`: the periods that are too near are left as they are.
  [[nodiscard]] Problem problem_of(const iro::Look& look, std::string_view id, const Chain& chain) const;
  /// The periods in which each student would have too many hours: a bit each. One reading of all placements.
  [[nodiscard]] std::vector<std::uint32_t> overbooked(const iro::Look& look, std::string_view id, const Chain& chain,
                                                      const std::vector<std::string>& students) const;
  /// A handover of the student has ended: what waited for it is asked for now.
  void handover_over(const iro::Event& event, iro::Effects& fx) const;
  /// Whose word is this? The provider's own, or the bureau's on its behalf.
  [[nodiscard]] bool speaks_for(const iro::Look& look, const iro::Event& event, std::string_view member) const;
  /// The minutes of a week of so many hours, over days (empty: Monday to Friday).
  static Minutes over_days(std::uint32_t hours_per_week, const flatbuffers::Vector<events::Weekday>* days = nullptr);
};

/// The rule that is broken, with what it is about behind it.
inline iro::Verdict refuse(Rule rule, const iro::Text& about = {}) {
  const Refusal& row = refusals[static_cast<std::size_t>(rule)];
  const auto with = [](std::string_view words, const std::string& more) {
    return more.empty() ? std::string(words) : iro::words(words, " (", more, ")");
  };
  return iro::reject(row.rule, {.nl = with(row.nl, about.nl), .en = with(row.en, about.en)});
}

}  // namespace iro::chain

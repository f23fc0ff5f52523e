// What goes with the student: the placements that run, the hours that were made, the goals, the dossier item by item.
#include <algorithm>

#include "rule.hpp"

namespace iro::handover {
namespace {

std::uint16_t hours_a_week(std::uint32_t hours, std::optional<sys_days> from, std::optional<sys_days> until) {
  if (!from || !until || *until < *from) return 0;
  const auto weeks = static_cast<std::uint32_t>((*until - *from).count() / 7 + 1);
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(hours / weeks, 168));
}

std::string item_key(const flatbuffers::Optional<DossierItem>& item, std::string_view recipient) {
  const char* name = item ? EnumNameDossierItem(*item) : "";
  return words(name, "/", recipient.substr(0, 80));
}

/// The note of an item, if there is room for one more.
Item* note_of(Case& one, const std::string& key) {
  constexpr std::size_t most_items = 60;
  if (!one.items.contains(key) && one.items.size() >= most_items) return nullptr;
  return &one.items[key];
}

}  // namespace

/// A placement that runs or will: its hours count beside others, and its seat is taken.
void WarmHandover::keep_placement(iro::Effects& effects, const iro::Event& event, Placed one) const {
  if (!usable(event.subject(), event.person()) || event.person().empty()) return;
  const iro::Key key = iro::key(shelf_of(event.person()), event.subject());
  if (const auto before = placements.get(effects, key)) {
    if (one.vacancy.empty()) one.vacancy = before->vacancy;
    if (!one.from) one.from = before->from;
    if (!one.until) one.until = before->until;
    if (!one.kind) one.kind = before->kind;
    if (one.hours_per_week == 0) one.hours_per_week = before->hours_per_week;
    if (one.weekdays == 0) one.weekdays = before->weekdays;
  }
  one.placement = event.subject();
  one.student = event.person();
  const bool known = usable(one.vacancy, event.person());
  if (const auto place = known ? places.get(effects, one.vacancy) : std::nullopt) {
    if (one.hours_per_week == 0) one.hours_per_week = place->hours_per_week;
    if (one.weekdays == 0) one.weekdays = place->weekdays;
  }
  placements.put(effects, key, one);
  if (!known) return;
  // The seat that a handover promised is the same seat.
  for (const Case& other : open_cases_of(effects, event.person())) {
    if (other.vacancy == one.vacancy) return;
  }
  bookings.put(effects, iro::key(one.vacancy, event.subject()), {one.from, one.until});
}

void WarmHandover::placement_confirmed(const PlacementConfirmed& confirmed, const iro::Event& event,
                                       iro::Effects& effects) const {
  Placed one;
  one.vacancy = iro::str(confirmed.vacancy_id());
  one.from = day_of(confirmed.begin_on());
  one.until = day_of(confirmed.planned_end_on());
  keep_placement(effects, event, std::move(one));
}

void WarmHandover::placement_started(const PlacementStarted& started, const iro::Event& event,
                                     iro::Effects& effects) const {
  Placed one;
  one.vacancy = iro::str(started.vacancy_id());
  one.from = day_of(started.begin_on());
  one.until = day_of(started.planned_end_on());
  one.kind = started.kind();
  keep_placement(effects, event, std::move(one));
}

void WarmHandover::placement_adopted(const PlacementAdopted& adopted, const iro::Event& event,
                                     iro::Effects& effects) const {
  if (day_of(adopted.ended_on())) return;
  Placed one;
  one.from = day_of(adopted.begin_on());
  one.until = day_of(adopted.planned_end_on());
  one.kind = adopted.kind();
  one.hours_per_week = hours_a_week(adopted.hours(), one.from, one.until);
  keep_placement(effects, event, std::move(one));
}

void WarmHandover::placement_self_found(const PlacementSelfFound& found, const iro::Event& event,
                                        iro::Effects& effects) const {
  Placed one;
  one.from = day_of(found.begin_on());
  one.until = day_of(found.planned_end_on());
  one.hours_per_week = hours_a_week(found.hours(), one.from, one.until);
  keep_placement(effects, event, std::move(one));
}

void WarmHandover::placement_ended(const PlacementEnded& ended, const iro::Event& event, iro::Effects& effects) const {
  if (!usable(event.subject(), event.person()) || event.person().empty()) return;
  const iro::Key key = iro::key(shelf_of(event.person()), event.subject());
  if (const auto before = placements.get(effects, key)) {
    placements.remove(effects, key);
    if (usable(before->vacancy, event.person())) {
      bookings.remove(effects, iro::key(before->vacancy, event.subject()));
      wake.set(effects, iro::key(before->vacancy, "-"), effects.now(), {});
    }
  }
  const auto outcome = ended.outcome();
  const bool as_planned = outcome == PlacementOutcome::completed || outcome == PlacementOutcome::completed_early;
  for (Case& one : open_cases_of(effects, event.person())) {
    const bool moved = is_in(one.stage, running) && one.new_placement == event.subject();
    if (one.placement == event.subject() && !moved) {
      one.old_open = false;
      // Said beside this event it would be the present provider's to read.
      if (one.stage == Stage::overlap) overlap_over.set(effects, one.id, effects.now(), one.student);
    } else if (moved && as_planned) {
      one.last_good = true;
      walk(effects, one, On::new_placement_done);
    } else if (moved) {
      search_again(effects, one, On::new_placement_failed);
      one.old_open = false;
    } else {
      continue;
    }
    say_completed_if_done(effects, one);
    save(effects, one);
  }
}

/// Approved hours are made, wherever the student goes next. The same hours, approved again, count once.
void WarmHandover::hours_approved(const HoursApproved& approved, const iro::Event& event, iro::Effects& effects) const {
  if (!usable(event.subject(), event.person()) || event.person().empty()) return;
  const std::string_view placement = iro::str(approved.placement_id());
  for (Case& one : open_cases_of(effects, event.person())) {
    if (placement.empty() || (placement != one.placement && placement != one.new_placement)) continue;
    const iro::Key key = iro::key(one.id, event.subject());
    const std::uint32_t before = hours.get_or(effects, key, 0);
    const std::uint32_t minutes = std::min<std::uint32_t>(approved.minutes(), 600'000);
    one.minutes_made = one.minutes_made - std::min(one.minutes_made, before) + minutes;
    hours.put(effects, key, minutes, one.student);
    save(effects, one);
  }
}

/// Goals that were reached elsewhere need not be reached at the next place.
void WarmHandover::hours_deviated(const HoursDeviated& deviated, const iro::Event& event, iro::Effects& effects) const {
  if (deviated.goals() == nullptr || event.person().empty()) return;
  for (Case& one : open_cases_of(effects, event.person())) {
    for (const auto& [code, text] : goals_in(deviated.goals())) one.need.goals.erase(code);
    save(effects, one);
  }
}

template <typename Table>
std::optional<Rule> WarmHandover::wrong_item(const std::optional<Case>& one, const Table& item,
                                             const iro::Event& event) const {
  if (!one || one->ended()) return std::nullopt;  // of a chain, or of a handover that is over: consent alone decides
  if (event.person() != one->student) return Rule::other_student;
  if (iro::str(item.school()) != one->school) return Rule::other_school;
  const std::string_view recipient = iro::str(item.recipient());
  if (recipient == one->school) return std::nullopt;
  if (one->provider.empty() || recipient != one->provider) return Rule::dossier_before_acceptance;
  if (iro::str(item.author()) == one->present_provider && !one->destination_may_be_told)
    return Rule::destination_not_agreed;
  return std::nullopt;
}

iro::Verdict WarmHandover::item_sealed(const DossierItemSealed& sealed, const iro::Event& event,
                                       iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong_item(one, sealed, event)) return refuse(*rule);
  if (!one || one->ended()) return iro::accept();
  if (sealed.item() == DossierItem::handover_note && !day_of(sealed.seen_by_student_on()))
    return refuse(Rule::note_not_read);
  if (Item* note = note_of(*one, item_key(sealed.item(), iro::str(sealed.recipient())))) note->sealed = true;
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::item_rectified(const DossierRectified& rectified, const iro::Event& event,
                                          iro::Effects& effects) const {
  const auto one = find(effects, event.subject());
  if (const auto rule = wrong_item(one, rectified, event)) return refuse(*rule);
  return iro::accept();
}

void WarmHandover::item_delivered(const DossierDelivered& delivered, const iro::Event& event,
                                  iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (!one || one->student != event.person()) return;
  if (Item* note = note_of(*one, item_key(delivered.item(), iro::str(delivered.recipient())))) note->delivered = true;
  save(effects, *one);
}

/// Author and recipient hear of a consent, and so of the student: like the item, it is only for who accepted. A missing
/// one never blocks the transfer: it is remembered for the overview.
iro::Verdict WarmHandover::consent_given(const ConsentGiven& consent, const iro::Event& event,
                                         iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong_item(one, consent, event)) return refuse(*rule);
  if (!one || one->ended()) return iro::accept();
  if (Item* note = note_of(*one, item_key(consent.item(), iro::str(consent.recipient())))) {
    note->consented = true;
    note->withdrawn = false;
  }
  save(effects, *one);
  return iro::accept();
}

void WarmHandover::consent_withdrawn(const ConsentWithdrawn& consent, const iro::Event& event,
                                     iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (!one || one->student != event.person() || one->school != iro::str(consent.school())) return;
  if (Item* note = note_of(*one, item_key(consent.item(), iro::str(consent.recipient())))) {
    note->consented = false;
    note->withdrawn = true;
    if (note->delivered) {
      effects.explain({.nl = "Wat er al is, verwijdert de ontvanger; er komt niets meer bij.",
                       .en = "The recipient deletes what is there; nothing more is delivered."});
    }
  }
  save(effects, *one);
}

}  // namespace iro::handover

// What providers offer, what SBB recognises and where the pool has room, folded: the latest word counts.
#include "rule.hpp"

namespace iro::handover {
namespace {

std::vector<std::string> texts(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* from,
                               std::size_t most) {
  std::vector<std::string> out;
  for (flatbuffers::uoffset_t i = 0; from != nullptr && i < from->size() && out.size() < most; ++i)
    out.emplace_back(iro::str(from->Get(i)));
  return out;
}

template <typename T, typename Vector>
std::vector<T> numbers(const Vector* from) {
  std::vector<T> out;
  for (flatbuffers::uoffset_t i = 0; from != nullptr && i < from->size() && out.size() < 50; ++i)
    out.push_back(static_cast<T>(from->Get(i)));
  return out;
}

Place place_of(std::string_view provider, const Offer& offer) {
  Place out;
  out.provider = provider;
  out.branch = offer.branch();
  out.programmes = texts(offer.programmes(), 40);
  out.levels = numbers<std::uint16_t>(offer.levels());
  out.years = numbers<std::uint16_t>(offer.years());
  out.paths = numbers<LearningPath>(offer.learning_paths());
  out.begin = day_of(offer.begin_on());
  out.end = day_of(offer.end_on());
  constexpr std::size_t most_weeks = 520;
  for (flatbuffers::uoffset_t i = 0; offer.seats() != nullptr && i < offer.seats()->size(); ++i) {
    if (out.seats.size() < most_weeks) out.seats[offer.seats()->Get(i)->week()] = offer.seats()->Get(i)->seats();
  }
  for (flatbuffers::uoffset_t i = 0; offer.days() != nullptr && i < offer.days()->size(); ++i)
    out.weekdays = static_cast<std::uint8_t>(out.weekdays | 1U << (static_cast<unsigned>(offer.days()->Get(i)) % 7));
  out.hours_per_week = offer.hours_per_week();
  for (flatbuffers::uoffset_t i = 0; offer.goals() != nullptr && i < offer.goals()->size() && i < 200; ++i) {
    const Goal& goal = *offer.goals()->Get(i);
    out.goals.emplace_back(
        (iro::str(goal.code()).empty() ? iro::str(goal.text()) : iro::str(goal.code())).substr(0, 80));
  }
  out.company = iro::str(offer.learning_company_id());
  out.trainer_named = !iro::str(offer.practice_trainer_id()).empty();
  out.supervision_minutes = offer.supervision_minutes_per_week();
  out.area = iro::str(offer.area());
  out.shifts = shifts_in(offer.shifts());
  return out;
}

/// Under which programmes a place is found.
std::vector<std::string> shelves_of(const Place& place) {
  std::vector<std::string> out;
  for (const std::string& programme : place.programmes) {
    if (usable(programme, {})) out.push_back(programme);
  }
  if (place.programmes.empty()) out.emplace_back("*");
  return out;
}

}  // namespace

void WarmHandover::drop_offer(iro::Effects& effects, std::string_view vacancy) const {
  const auto before = places.get(effects, vacancy);
  if (!before) return;
  for (const std::string& shelf : shelves_of(*before)) by_programme.remove(effects, iro::key(shelf, vacancy));
  places.remove(effects, vacancy);
}

void WarmHandover::fold_offer(iro::Effects& effects, std::string_view vacancy, std::string_view provider,
                              const Offer* offer) const {
  if (!usable(vacancy, {}) || provider.empty() || offer == nullptr) return;
  drop_offer(effects, vacancy);
  const Place place = place_of(provider, *offer);
  places.put(effects, vacancy, place);
  for (const std::string& shelf : shelves_of(place)) by_programme.put(effects, iro::key(shelf, vacancy), place);
  wake_waiting(effects, vacancy, {});
}

void WarmHandover::vacancy_opened(const VacancyOpened& opened, const iro::Event& event, iro::Effects& effects) const {
  fold_offer(effects, event.subject(), iro::str(opened.provider()), opened.offer());
}
void WarmHandover::vacancy_changed(const VacancyChanged& changed, const iro::Event& event,
                                   iro::Effects& effects) const {
  fold_offer(effects, event.subject(), iro::str(changed.provider()), changed.offer());
}
void WarmHandover::vacancy_reoffered(const VacancyReoffered& again, const iro::Event& event,
                                     iro::Effects& effects) const {
  fold_offer(effects, event.subject(), iro::str(again.provider()), again.offer());
}

/// All seats, or some. Who was promised one that is gone, is sought another; whoever started there stays.
void WarmHandover::vacancy_withdrawn(const VacancyWithdrawn& withdrawn, const iro::Event& event,
                                     iro::Effects& effects) const {
  if (!usable(event.subject(), {})) return;
  auto place = places.get(effects, event.subject());
  if (!place || place->provider != iro::str(withdrawn.provider())) return;
  if (withdrawn.seats() != nullptr && withdrawn.seats()->size() > 0) {
    for (flatbuffers::uoffset_t i = 0; i < withdrawn.seats()->size(); ++i) {
      const auto at = place->seats.find(withdrawn.seats()->Get(i)->week());
      if (at == place->seats.end()) continue;
      at->second = static_cast<std::uint16_t>(at->second - std::min(at->second, withdrawn.seats()->Get(i)->seats()));
    }
    places.put(effects, event.subject(), *place);
    for (const std::string& shelf : shelves_of(*place))
      by_programme.put(effects, iro::key(shelf, event.subject()), *place);
    return;
  }
  drop_offer(effects, event.subject());
  std::vector<std::string> promised;
  bookings.each(effects, event.subject(), [&](std::string_view key, const Booking&) {
    promised.push_back(plain(key.substr(key.find('/') + 1)));
  });
  constexpr std::size_t at_once = 40;
  for (const std::string& id : promised) {
    const auto one = find(effects, id);
    if (!one || promised.size() > at_once) continue;
    if (one->stage == Stage::inviting) end_invitation(effects, *one);
    provider_lost(effects, *one, ProviderWithdrawalCode::seat_lost);
  }
}

void WarmHandover::recognition_granted(const RecognitionGranted& granted, const iro::Event& event,
                                       iro::Effects& effects) const {
  const std::string_view provider = iro::str(granted.provider());
  const std::string_view programme = iro::str(granted.programme());
  if (!usable(event.subject(), {}) || !usable(provider, {}) || !usable(programme, {})) return;
  const iro::Key key = iro::key(provider, programme, event.subject());
  if (key.text().size() > 230) return;
  Recognition one = recognitions.get_or(effects, key, {});
  one.company = iro::str(granted.learning_company_id());
  one.from = day_of(granted.valid_from());
  one.until = day_of(granted.valid_until());
  one.granted = true;
  recognitions.put(effects, key, one);
  // Places of this provider may fit by now.
  std::vector<std::string> here;
  constexpr std::size_t at_once = 50;
  by_programme.each(effects, programme, [&](std::string_view at, const Place& place) {
    if (place.provider == provider && here.size() < at_once) here.push_back(plain(at.substr(at.rfind('/') + 1)));
  });
  for (const std::string& vacancy : here) wake.set(effects, iro::key(vacancy, "-"), effects.now(), {});
}

void WarmHandover::recognition_lost(const RecognitionLost& lost, const iro::Event& event, iro::Effects& effects) const {
  const std::string_view provider = iro::str(lost.provider());
  const std::string_view programme = iro::str(lost.programme());
  if (!usable(event.subject(), {}) || !usable(provider, {}) || !usable(programme, {})) return;
  const iro::Key key = iro::key(provider, programme, event.subject());
  if (key.text().size() > 230) return;
  Recognition one = recognitions.get_or(effects, key, {});
  one.lost = day_of(lost.lost_on()).value_or(event.today());
  recognitions.put(effects, key, one);
  std::vector<Case> promised;
  cases.each(effects, [&](std::string_view, const Case& other) {
    const bool waits = other.stage >= Stage::accepted && other.stage <= Stage::ready;
    if (waits && other.provider == provider && other.need.programme == programme && promised.size() < 40)
      promised.push_back(other);
  });
  for (const Case& other : promised) {
    const auto place = places.get(effects, other.vacancy);
    const sys_days begin = other.begin.value_or(event.today());
    if (!place || recognised(effects, other.need, *place, begin)) continue;
    provider_lost(effects, other, ProviderWithdrawalCode::recognition_lost);
  }
}

/// Only the pool says it, by its rule. It bears on the order of places, never on whether one fits.
void WarmHandover::room_counted(const SupervisionRoomCounted& counted, const iro::Event& event,
                                iro::Effects& effects) const {
  constexpr std::size_t most_spans = 60;  // one a week, at worst
  if (!usable(event.subject(), {})) return;
  PoolRoom room;
  for (flatbuffers::uoffset_t i = 0; counted.weeks() != nullptr && i < counted.weeks()->size(); ++i) {
    const RoomInWeeks& weeks = *counted.weeks()->Get(i);
    if (room.weeks.size() < most_spans) room.weeks.push_back({weeks.from_week(), weeks.until_week(), weeks.level()});
  }
  pool_rooms.put(effects, event.subject(), room);
}

}  // namespace iro::handover

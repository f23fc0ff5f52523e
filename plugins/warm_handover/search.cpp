// The search: which places are proposed, what a person chooses, and what follows when there is none.
#include <algorithm>
#include <map>

#include "rule.hpp"

namespace iro::handover {
namespace {

sys_days first_day(const Need& need, sys_days today) { return need.begin ? std::max(*need.begin, today) : today; }

bool was_asked(const Case& one, std::string_view vacancy) {
  return std::any_of(one.asked.begin(), one.asked.end(), [&](const Asked& asked) { return asked.vacancy == vacancy; });
}

/// "2 niveau, 1 erkenning": how many places were left out for which rule.
std::pair<std::string, std::string> left_out(const std::map<Rule, unsigned>& obstacles) {
  std::pair<std::string, std::string> out;
  for (const auto& [rule, count] : obstacles) {
    out.first += words(out.first.empty() ? "" : "; ", count, "x ", of(rule).nl);
    out.second += words(out.second.empty() ? "" : "; ", count, "x ", of(rule).en);
  }
  return out;
}

}  // namespace

bool WarmHandover::recognised(const iro::Look& look, const Need& need, const Place& place, sys_days on) const {
  if (!is_mbo(need)) return true;
  if (place.provider.empty() || need.programme.empty()) return false;
  bool found = false;
  recognitions.each(look, iro::key(place.provider, need.programme), [&](std::string_view, const Recognition& one) {
    const bool same = place.company.empty() || one.company.empty() || one.company == place.company;
    found = same && one.holds_on(on);
    return !found;
  });
  return found;
}

std::vector<Booking> WarmHandover::taken_seats(const iro::Look& look, std::string_view vacancy,
                                               std::string_view but_for) const {
  std::vector<Booking> out;
  const std::string own = iro::key(vacancy, but_for.empty() ? std::string_view("-") : but_for).text();
  bookings.each(look, vacancy, [&](std::string_view key, const Booking& one) {
    if (key != own) out.push_back(one);
  });
  return out;
}

std::vector<Load> WarmHandover::other_loads(const iro::Look& look, const Case& one, bool overlaps) const {
  std::vector<Load> out;
  for (const Placed& other : placements_of(look, one.student)) {
    // The present placement ends, or runs on by agreement: kinds overlap and taster may run beside another (domain.md
    // 8).
    const bool present = other.placement == one.placement && (overlaps || one.stage < Stage::ready);
    const bool allowed = other.kind == PlacementKind::overlap || other.kind == PlacementKind::taster;
    if (present || allowed || other.placement == one.new_placement) continue;
    out.push_back({other.from, other.until, other.hours_per_week, other.weekdays});
  }
  return out;
}

std::optional<Rule> WarmHandover::hours_obstacle(const Case& one, const Place& place, sys_days begin,
                                                 const std::vector<Load>& others) const {
  const Load added{begin, begin + days(7 * std::max<int>(1, one.need.weeks) - 1), place.hours_per_week, place.weekdays};
  return too_many_hours(added, others, {config.max_hours_week, config.max_hours_day});
}

std::optional<Rule> WarmHandover::obstacle(const iro::Look& look, const Case& one, std::string_view vacancy,
                                           const Place& place, sys_days today) const {
  Known known{other_loads(look, one, false)};
  return obstacle(look, one, vacancy, place, today, known);
}

std::optional<Rule> WarmHandover::obstacle(const iro::Look& look, const Case& one, std::string_view vacancy,
                                           const Place& place, sys_days today, Known& known) const {
  if (was_asked(one, vacancy)) return Rule::already_asked;
  if (const auto rule = misfit(place, one.need)) return rule;
  const sys_days begin = first_day(one.need, today);
  const auto [at, fresh] = known.recognised.try_emplace({place.provider, place.company}, false);
  if (fresh) at->second = recognised(look, one.need, place, begin);
  if (!at->second) return Rule::recognition_missing;
  Need asked = one.need;
  asked.weeks = std::max<std::uint16_t>(1, asked.weeks);
  const unsigned least = (unsigned{asked.weeks} * config.least_weeks_percent + 99) / 100;
  if (free_weeks(place, taken_seats(look, vacancy, one.id), asked, begin) < std::max(1U, least))
    return Rule::no_free_seat;
  return hours_obstacle(one, place, begin, known.others);
}

void WarmHandover::search(iro::Effects& effects, const Case& one) const {
  std::vector<Candidate> found;
  Known known{other_loads(effects, one, false)};
  const sys_days begin = first_day(one.need, effects.today());
  std::map<Branch, std::optional<PoolRoom>> rooms;  // as far as they were asked for
  const auto room_of = [&](const Place& place) -> std::optional<PoolRoom> {
    if (!place.branch) return std::nullopt;
    const auto [at, fresh] = rooms.try_emplace(*place.branch);
    if (fresh) at->second = pool_rooms.get(effects, EnumNameBranch(*place.branch));
    return at->second;
  };
  const auto look_at = [&](std::string_view key, const Place& place) {
    if (place.provider == one.present_provider && !one.present_provider.empty()) return;
    const std::string vacancy = plain(key.substr(key.rfind('/') + 1));
    if (obstacle(effects, one, vacancy, place, effects.today(), known)) return;
    Need asked = one.need;
    asked.weeks = std::max<std::uint16_t>(1, asked.weeks);
    const auto free = free_weeks(place, taken_seats(effects, vacancy, one.id), asked, begin);
    found.push_back(candidate_of(vacancy, place, one.need, free, pool_weeks(room_of(place), asked, begin),
                                 config.supervision_minutes));
  };
  by_programme.each(effects, std::string_view("*"), look_at);
  if (usable(one.need.programme, {})) by_programme.each(effects, one.need.programme, look_at);
  std::sort(found.begin(), found.end(), before);
  const auto until = one.respond_by && *one.respond_by >= effects.today() ? *one.respond_by
                                                                          : effects.today() + days(config.search_days);
  search_ends.set(effects, one.id, end_of(until), one.student);
  if (found.empty()) {
    auto said = about<HandoverUnplacedT>(one, effects);
    said.code = one.asked.empty() ? UnplacedCode::no_candidate : UnplacedCode::all_declined;
    said.providers_asked = one.providers_asked;
    effects.emit(said);
    return;
  }
  auto said = about<HandoverCandidatesProposedT>(one, effects);
  for (const Candidate& candidate : found) {
    if (said.candidates.size() == config.most_candidates) break;
    const auto rank = static_cast<std::uint16_t>(said.candidates.size() + 1);
    said.candidates.push_back(std::make_unique<CandidateT>(proposal_of(candidate, one.need, rank)));
  }
  effects.emit(said);
}

void WarmHandover::wake_waiting(iro::Effects& effects, std::string_view vacancy, std::string_view after) const {
  constexpr std::size_t at_once = 3;  // each is a search over all places of a programme
  const auto place = usable(vacancy, {}) ? places.get(effects, vacancy) : std::nullopt;
  if (!place) return;
  std::vector<Case> woken;
  bool more = false;
  waiting.each(effects, [&](std::string_view key, bool) {
    const std::string id = plain(key);
    if (!after.empty() && key <= after) return true;
    if (woken.size() == at_once) {
      more = true;
      return false;
    }
    auto one = find(effects, id);
    if (!one || one->stage != Stage::unplaced || place->provider == one->present_provider) return true;
    if (!obstacle(effects, *one, vacancy, *place, effects.today())) woken.push_back(std::move(*one));
    return true;
  });
  for (const Case& one : woken) search(effects, one);
  if (!more) return;
  const std::string last = iro::Key(woken.back().id).text();
  wake.set(effects, iro::key(vacancy, last), effects.now(), {});
}

void WarmHandover::wake_more(const iro::Timer& timer, iro::Effects& effects) const {
  const std::string_view key = timer.key();
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return;
  const std::string after = plain(key.substr(slash + 1));
  wake_waiting(effects, plain(key.substr(0, slash)), after == "-" ? std::string_view() : std::string_view(after));
}

iro::Verdict WarmHandover::candidates_proposed(const HandoverCandidatesProposed& proposed, const iro::Event& event,
                                               iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, proposed, event, Speaker::school)) return refuse(*rule);
  if (row_of(one->stage, On::candidates_proposed) == nullptr) return refuse(Rule::wrong_stage);
  constexpr std::size_t most_shown = 50;
  std::vector<std::string> shown;
  const auto* list = proposed.candidates();
  for (flatbuffers::uoffset_t i = 0; list != nullptr && i < list->size() && shown.size() < most_shown; ++i) {
    const std::string_view vacancy = iro::str(list->Get(i)->vacancy_id());
    if (event.sender() != "hub") {  // made by hand: the rule that it breaks is said at once
      const auto place = usable(vacancy, {}) ? places.get(effects, vacancy) : std::nullopt;
      if (!place) return refuse(Rule::unknown_vacancy);
      if (const auto rule = obstacle(effects, *one, vacancy, *place, event.today())) return refuse(*rule);
    }
    shown.emplace_back(vacancy);
  }
  one->shown = std::move(shown);
  walk(effects, *one, On::candidates_proposed);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::candidate_chosen(const HandoverCandidateChosen& chosen, const iro::Event& event,
                                            iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, chosen, event, Speaker::school)) return refuse(*rule);
  if (one->stage != Stage::searching) return refuse(Rule::wrong_stage);
  const std::string_view vacancy = iro::str(chosen.vacancy_id());
  const auto place = usable(vacancy, one->student) ? places.get(effects, vacancy) : std::nullopt;
  if (!place) return refuse(Rule::unknown_vacancy);
  if (const auto rule = obstacle(effects, *one, vacancy, *place, event.today())) return refuse(*rule);
  one->chosen_vacancy = vacancy;
  one->chosen_provider = place->provider;
  walk(effects, *one, On::candidate_chosen);
  const auto at = std::find(one->shown.begin(), one->shown.end(), vacancy);
  if (at == one->shown.end()) {
    effects.explain({.nl = "Met de hand gekozen: deze plaats was niet voorgesteld.",
                     .en = "Chosen by hand: this place was not proposed."});
  } else if (at != one->shown.begin()) {
    effects.explain({.nl = words("Er stonden ", at - one->shown.begin(), " plaatsen boven."),
                     .en = words(at - one->shown.begin(), " places stood above it.")});
  }
  auto said = about<HandoverInvitedT>(*one, effects);
  said.provider = one->chosen_provider;
  said.vacancy_id = one->chosen_vacancy;
  said.programme = one->need.programme;
  said.level = one->need.level;
  said.year = one->need.year;
  said.learning_path = one->need.path;
  said.weeks = one->need.weeks;
  said.hours = one->hours_left();
  for (const auto& [code, text] : one->need.goals) {
    said.goals.push_back(std::make_unique<GoalT>());
    said.goals.back()->code = code;
    said.goals.back()->text = text;
  }
  said.begin_on = to_field(first_day(one->need, event.today()));
  said.respond_by = to_field(event.today() + days(config.invite_days));
  effects.emit(said);
  save(effects, *one);
  return iro::accept();
}

iro::Verdict WarmHandover::unplaced(const HandoverUnplaced& unplaced, const iro::Event& event,
                                    iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, unplaced, event, Speaker::school)) return refuse(*rule);
  const bool told = day_of(unplaced.sbb_told_on()).has_value();
  if (row_of(one->stage, On::unplaced) == nullptr) return refuse(Rule::wrong_stage);
  if (one->stage == Stage::unplaced && !told) return refuse(Rule::wrong_stage);
  if (!unplaced.code()) return refuse(Rule::code_missing);
  const bool was_searching = one->stage == Stage::searching;
  one->sbb_told = one->sbb_told || told;
  if (was_searching) {
    one->shown.clear();
    one->chosen_vacancy.clear();
    one->chosen_provider.clear();
    search_ends.cancel(effects, one->id);
  }
  walk(effects, *one, On::unplaced);
  save(effects, *one);
  if (!was_searching || event.sender() != "hub") return iro::accept();
  // Why none: and whether a place was opened between the search and this word about it.
  std::map<Rule, unsigned> obstacles;
  unsigned seen = 0;
  unsigned fit = 0;
  Known known{other_loads(effects, *one, false)};
  const auto look_at = [&](std::string_view key, const Place& place) {
    if (place.provider == one->present_provider && !one->present_provider.empty()) return;
    const std::string vacancy = plain(key.substr(key.rfind('/') + 1));
    const auto rule = obstacle(effects, *one, vacancy, place, event.today(), known);
    ++(rule ? obstacles[*rule] : fit);
    ++seen;
  };
  by_programme.each(effects, std::string_view("*"), look_at);
  if (usable(one->need.programme, {})) by_programme.each(effects, one->need.programme, look_at);
  const auto [nl, en] = left_out(obstacles);
  effects.explain(
      {.nl = words("Bekeken plaatsen: ", seen, ", daarvan passen er ", fit, ".", nl.empty() ? "" : " ", nl)
                 .substr(0, 1000),
       .en =
           words("Places looked at: ", seen, ", of these ", fit, " fit.", en.empty() ? "" : " ", en).substr(0, 1000)});
  if (fit > 0 && *unplaced.code() != UnplacedCode::deadline_passed) search(effects, *one);
  return iro::accept();
}

void WarmHandover::search_ended(const iro::Timer& timer, iro::Effects& effects) const {
  const auto one = find(effects, plain(timer.key()));
  if (!one || one->stage != Stage::searching) return;
  auto said = about<HandoverUnplacedT>(*one, effects);
  said.code = UnplacedCode::deadline_passed;
  said.providers_asked = one->providers_asked;
  effects.emit(said);
}

}  // namespace iro::handover

#include "plugins/chain_placement/work.hpp"

#include <algorithm>
#include <iro/events/handover.hpp>
#include <iro/events/supervision.hpp>
#include <limits>

namespace iro::chain {
namespace {

constexpr std::size_t most_rows = 7;      // with the details, eight explanations an event
constexpr std::size_t most_detail = 900;  // of 1024 bytes
constexpr std::size_t most_legs_kept = 128;
constexpr std::string_view behind_leg = "-handover";  // the id of a handover that this rule asks for

/// The statutory class of WEB 7.2.9 for what failed.
events::ReasonClass reason_of(const Leg& leg) {
  using events::LegFailCode;
  using events::ReasonClass;
  switch (static_cast<LegFailCode>(leg.failed == 0 ? 0 : leg.failed - 1)) {
    case LegFailCode::recognition_lost:
      return ReasonClass::recognition_lost;
    case LegFailCode::student_unavailable:
    case LegFailCode::interrupted_too_long:
      return ReasonClass::other_circumstances;
    default:
      return leg.ran ? ReasonClass::place_partly_unavailable : ReasonClass::place_unavailable;
  }
}

}  // namespace

// ------------------------------------------------------------ states and words

void Work::keep_words(const Row& row) {
  if (std::find(rows_.begin(), rows_.end(), &row) == rows_.end()) rows_.push_back(&row);
}
bool Work::step(Cause cause) {
  const Row* row = find_row(Machine::chain, static_cast<std::uint8_t>(chain.state), cause);
  if (row == nullptr) return false;
  chain.state = static_cast<ChainState>(row->to);
  keep_words(*row);
  return true;
}
bool Work::step(Leg& leg, Cause cause) {
  const Row* row = find_row(Machine::leg, static_cast<std::uint8_t>(leg.state), cause);
  if (row == nullptr) return false;
  leg.state = static_cast<LegState>(row->to);
  keep_words(*row);
  return true;
}
void Work::tell(const iro::Text& more) {
  if (more_.nl.size() + more.nl.size() > most_detail || more_.en.size() + more.en.size() > most_detail) return;
  more_.nl += (more_.nl.empty() ? "" : " ") + more.nl;
  more_.en += (more_.en.empty() ? "" : " ") + more.en;
}

void Work::save() {
  compact();
  rule_.chains.put(fx_, id_, chain);
  for (std::size_t i = 0; i < rows_.size() && i < most_rows; ++i) {
    fx_.explain({.nl = std::string(rows_[i]->nl), .en = std::string(rows_[i]->en)});
  }
  if (!more_.nl.empty()) fx_.explain(more_);
}

/// A chain that is planned again for ever would outgrow a value of state: of legs that were superseded or released the
/// oldest go. What still comes of them is refused as unknown.
void Work::compact() {
  std::size_t gone = chain.legs.size() > most_legs_kept ? chain.legs.size() - most_legs_kept : 0;
  std::erase_if(chain.legs, [&](const Leg& leg) {
    if (gone == 0 || leg.handed_over || (leg.state != LegState::superseded && leg.state != LegState::released))
      return false;
    --gone;
    rule_.chain_of.remove(fx_, leg.id);
    return true;
  });
}

// ------------------------------------------------------------ who

const std::optional<Participant>& Work::participant(std::uint8_t no) {
  const auto at = participants_.find(no);
  if (at != participants_.end()) return at->second;
  return participants_.emplace(no, rule_.participants.get(fx_, iro::key(id_, std::uint32_t{no}))).first->second;
}
void Work::put(std::uint8_t no, const Participant& participant) {
  rule_.participants.put(fx_, iro::key(id_, std::uint32_t{no}), participant, participant.student);
  participants_.insert_or_assign(no, participant);
}

// ------------------------------------------------------------ planning legs

Leg& Work::add(const Cell& cell, Cause cause) {
  Leg leg;
  leg.id = iro::words(id_, "-leg", ++chain.legs_planned);
  leg.student = cell.student;
  leg.period = cell.period;
  leg.station = cell.station;
  step(leg, cause);
  rule_.chain_of.put(fx_, leg.id, id_);
  chain.legs.push_back(std::move(leg));
  return chain.legs.back();
}

void Work::plan_student(std::uint8_t no) {
  for (const Cell& cell : chain.plan) {
    if (cell.student != no) continue;
    Leg& leg = add(cell, Cause::student_joined);
    leg.school_said = true;  // whoever opts in has said yes to the legs that are planned with it
    leg.student_said = true;
  }
  divide_goals(no);
  for (const Leg& leg : chain.legs) {
    if (leg.student == no && leg.state == LegState::planned) tell_planned(leg);
  }
}

void Work::tell_planned(const Leg& leg) {
  const auto& who = participant(leg.student);
  if (!who) return;
  auto out = about<events::LegPlannedT>(leg);
  out.student = who->student;
  out.station_provider = chain.station_of(leg).provider;
  out.student_no = leg.student;
  out.period_no = leg.period;
  out.station_no = leg.station;
  out.from_week = to_field(chain.period_of(leg).weeks.front());
  out.until_week = to_field(chain.period_of(leg).weeks.back());
  for (const std::uint16_t place : leg.goals) out.goals.push_back(goal(place));
  out.hours = hours_of(leg);
  fx_.emit(out);
}

/// The station's provider is asked, and sees no student. It has until the day before the leg at the latest.
void Work::offer(Leg& leg) {
  const Span& period = chain.period_of(leg);
  const auto before = monday_of(period.weeks.front()) - std::chrono::days(1);
  const auto respond_by = std::max(fx_.today() + std::chrono::days(1),
                                   std::min(before, fx_.today() + std::chrono::days(rule_.config.leg_respond_days)));
  auto out = about<events::LegOfferedT>(leg);
  out.provider = chain.station_of(leg).provider;
  out.vacancy_id = chain.station_of(leg).vacancy;
  out.programme = chain.programme;
  out.level = chain.level;
  out.year = chain.year;
  if (chain.path != 255) out.learning_path = static_cast<events::LearningPath>(chain.path);
  out.from_week = to_field(period.weeks.front());
  out.until_week = to_field(period.weeks.back());
  for (const std::uint16_t place : leg.goals) out.goals.push_back(goal(place));
  out.hours = hours_of(leg);
  out.respond_by = iro::to_field(respond_by);
  fx_.emit(out);
  leg.offered = true;
  const auto& who = participant(leg.student);
  rule_.answer_by.set(fx_, leg.id, respond_by + std::chrono::days(1), who ? who->student : std::string());
}

void Work::fill() {
  if (chain.state != ChainState::confirmed || !chain.group_is_full() || !step(Cause::group_full)) return;
  rule_.fill_by.cancel(fx_, id_);
  events::ChainFilledT out;
  out.chain_id = id_;
  out.school = chain.school;
  out.providers = providers();
  out.students = chain.k;
  add_seats(out, chain.plan);
  for (const Span& period : chain.periods) {
    auto one = std::make_unique<events::ChainPeriodT>();
    one->from_week = to_field(period.weeks.front());
    one->until_week = to_field(period.weeks.back());
    out.periods.push_back(std::move(one));
  }
  for (const Cell& cell : chain.plan) {
    const Station& station = chain.stations[cell.station - 1U];
    for (const Week week : chain.periods[cell.period - 1U].weeks) {
      const bool closed = std::find(station.closed.begin(), station.closed.end(), week) != station.closed.end();
      out.seat_weeks_used += closed ? 0 : 1;
    }
  }
  out.seat_weeks = std::uint32_t{chain.k} * chain.open_weeks;
  out.effective_on = today();
  fx_.emit(out);
  for (Leg& leg : chain.legs) {
    if (leg.state == LegState::planned) offer(leg);
  }
  for (std::uint8_t no = 1; no <= chain.k; ++no) {
    const auto& who = participant(no);
    const auto first = std::find_if(chain.legs.begin(), chain.legs.end(),
                                    [&](const Leg& leg) { return leg.student == no && leg.ahead(); });
    if (!who || first == chain.legs.end()) continue;
    events::SupervisionRequestedT asked;
    asked.supervision_id = supervision_of(no);
    asked.student = who->student;
    asked.school = chain.school;
    asked.chain_id = id_;
    asked.leg_id = first->id;
    asked.task = events::SupervisionTask::supervise;
    asked.programme = chain.programme;
    asked.level = chain.level;
    const Station& station = chain.station_of(*first);
    if (station.branch != 255) asked.branch = static_cast<events::Branch>(station.branch);
    asked.area = station.area;
    asked.from_week = to_field(chain.periods.front().weeks.front());
    asked.until_week = to_field(chain.periods[chain.k - 1U].weeks.back());
    asked.minutes_per_week = rule_.config.supervision_minutes;
    asked.effective_on = today();
    fx_.emit(asked);
  }
}

void Work::advance(Leg& leg) {
  if (leg.provider_said && leg.school_said && leg.student_said && step(leg, Cause::three_words)) {
    rule_.answer_by.cancel(fx_, leg.id);
  }
  if (leg.agreement_final) step(leg, Cause::agreement_final);
  if (leg.arrival_confirmed) step(leg, Cause::arrival_confirmed);
  if (leg.hours_settled && step(leg, Cause::hours_settled)) close(leg, false);
}

// ------------------------------------------------------------ failing, and planning again

void Work::fail(Leg& leg, events::LegFailCode code, Cause cause, bool by_rule) {
  const bool knew = leg.provider_said;
  stop_clocks(leg);
  if (!step(leg, cause)) return;
  leg.failed = static_cast<std::uint16_t>(static_cast<std::uint16_t>(code) + 1);
  const auto& who = participant(leg.student);
  if (!by_rule || !who) return;
  auto out = about<events::LegFailedT>(leg);
  out.student = who->student;
  if (knew) out.provider = chain.station_of(leg).provider;
  out.code = code;
  out.failed_on = today();
  fx_.emit(out);
}

void Work::replan(events::ReplanCode code, const Loss* loss) {
  const Problem problem = rule_.problem_of(fx_, id_, chain);
  const Plan plan = chain::replan(problem);
  apply(problem, plan, code, loss);
  for (std::uint8_t no = 1; no <= chain.k; ++no) divide_goals(no);
  say_replanned(plan, code);
  end_if_over();
}

void Work::apply(const Problem& problem, const Plan& plan, events::ReplanCode code, const Loss* loss) {
  struct Removed {
    std::string id;
    std::uint8_t period;
    bool paired;
  };
  for (std::uint8_t no = 1; no <= chain.k; ++no) {
    const auto& cells = plan.cells[no - 1U];
    const auto& before = problem.before[no - 1U];
    const auto& fixed = problem.fixed[no - 1U];
    std::vector<Removed> removed;
    for (Leg& leg : chain.legs) {
      if (leg.student != no) continue;
      const std::size_t p = leg.period - 1U;
      const bool moved = leg.ahead() && !fixed[p] && cells[p] != leg.station;
      if (moved && loss != nullptr && leg.station == loss->station &&
          std::find(loss->periods.begin(), loss->periods.end(), leg.period) != loss->periods.end()) {
        fail(leg, events::LegFailCode::seat_withdrawn, loss->cause, true);
      }
      if (moved || leg.state == LegState::failed) removed.push_back({leg.id, leg.period, false});
    }
    std::vector<Cell> fresh;
    for (std::uint8_t p = 0; p < problem.periods; ++p) {
      if (cells[p] != 0 && !fixed[p] && cells[p] != before[p]) {
        fresh.push_back({no, static_cast<std::uint8_t>(p + 1), cells[p]});
      }
    }
    // A leg whose own weeks are filled by another goes on there; what is left over is asked of a handover, in weeks
    // that are free.
    for (const bool same_period : {true, false}) {
      for (Removed& one : removed) {
        const auto to = std::find_if(fresh.begin(), fresh.end(),
                                     [&](const Cell& cell) { return !same_period || cell.period == one.period; });
        if (one.paired || to == fresh.end()) continue;
        move(one.id, *to, code);
        one.paired = true;
        fresh.erase(to);
      }
    }
    for (const Removed& one : removed) {
      if (one.paired) continue;
      hand_over(*chain.find(one.id));
      tell({.nl = iro::words("Student ", no, ": ", why_nowhere(problem, plan, no, true), "."),
            .en = iro::words("Student ", no, ": ", why_nowhere(problem, plan, no, false), ".")});
    }
  }
}

void Work::move(const std::string& from, const Cell& to, events::ReplanCode code) {
  Leg& fresh = add(to, Cause::planned_again);  // the list may grow: everything else is looked up behind it
  const std::string fresh_id = fresh.id;
  Leg& old = *chain.find(from);
  const bool failed = old.state == LegState::failed;
  stop_clocks(old);
  step(old, failed ? Cause::other_plan : Cause::made_room);
  Leg& leg = *chain.find(fresh_id);
  leg.goals = std::move(old.goals);
  old.goals.clear();
  const auto& who = participant(to.student);
  if (who) {
    auto superseded = about<events::LegSupersededT>(old);
    superseded.student = who->student;
    if (old.provider_said) superseded.provider = chain.station_of(old).provider;
    superseded.new_leg_id = fresh_id;
    fx_.emit(superseded);
    auto out = about<events::LegReplannedT>(leg);
    out.student = who->student;
    out.station_provider = chain.station_of(leg).provider;
    out.replaces_leg_id = old.id;
    out.student_no = leg.student;
    out.period_no = leg.period;
    out.station_no = leg.station;
    out.from_week = to_field(chain.period_of(leg).weeks.front());
    out.until_week = to_field(chain.period_of(leg).weeks.back());
    for (const std::uint16_t place : leg.goals) out.goals.push_back(goal(place));
    out.hours = hours_of(leg);
    out.code = code;
    fx_.emit(out);
  }
  offer(leg);
  tell({.nl = iro::words("Student ", to.student, ": van plek ", old.station, " in periode ", old.period, " naar plek ",
                         to.station, " in periode ", to.period, "."),
        .en = iro::words("Student ", to.student, ": from station ", old.station, " in period ", old.period,
                         " to station ", to.station, " in period ", to.period, ".")});
}

void Work::hand_over(Leg& leg) {
  stop_clocks(leg);
  if (leg.state != LegState::failed) step(leg, Cause::made_room);
  if (leg.state == LegState::failed) step(leg, Cause::no_plan);
  leg.handed_over = true;
  const auto& who = participant(leg.student);
  if (!who) return;
  auto superseded = about<events::LegSupersededT>(leg);
  superseded.student = who->student;
  superseded.handover_id = handover_of(leg);
  fx_.emit(superseded);
  leg.waits = true;
  if (!one_is_open(leg.student)) return request(leg);
  tell({.nl = iro::words("Student ", leg.student, ": er loopt al een overdracht; deze wordt daarna gevraagd."),
        .en = iro::words("Student ", leg.student, ": a handover is open; this one is asked for behind it.")});
}

std::string Work::handover_of(const Leg& leg) const { return iro::words(leg.id, behind_leg); }
std::string_view Work::leg_of(std::string_view handover_id) {
  if (handover_id.size() < behind_leg.size()) return {};
  const std::size_t leg = handover_id.size() - behind_leg.size();
  return handover_id.substr(leg) == behind_leg ? handover_id.substr(0, leg) : std::string_view();
}

/// A student is in one handover at a time, whoever asked for it.
bool Work::one_is_open(std::uint8_t no) {
  if (!participant(no)) return false;
  bool found = false;
  const std::string student = participant(no)->student;
  rule_.handovers.each(fx_, [&](std::string_view, const OpenHandover& open) {
    found = open.student == student;
    return !found;
  });
  return found;
}

Leg* Work::next_waiting(std::uint8_t no) {
  const auto& who = participant(no);
  if (!who || who->left) return nullptr;
  Leg* next = nullptr;
  for (Leg& leg : chain.legs) {
    if (leg.student == no && leg.waits && (next == nullptr || leg.asks < next->asks)) next = &leg;
  }
  return next;
}

void Work::request(Leg& leg) {
  const auto& who = participant(leg.student);
  if (!who) return;
  leg.waits = false;
  if (leg.asks < std::numeric_limits<std::uint8_t>::max()) ++leg.asks;
  const Span& period = chain.period_of(leg);
  const Week now = week_of(fx_.today());
  events::HandoverRequestedT asked;
  asked.handover_id = handover_of(leg);
  asked.student = who->student;
  asked.school = chain.school;
  if (leg.ran) asked.present_provider = chain.station_of(leg).provider;
  asked.placement_id = leg.placement;
  asked.reason_class = reason_of(leg);
  asked.programme = chain.programme;
  asked.level = chain.level;
  asked.year = chain.year;
  if (chain.path != 255) asked.learning_path = static_cast<events::LearningPath>(chain.path);
  for (const std::uint16_t place : leg.goals) {
    const auto& reached = who->reached;
    if (std::find(reached.begin(), reached.end(), chain.goals[place]) == reached.end()) {
      asked.goals_open.push_back(goal(place));
    }
  }
  asked.weeks = static_cast<std::uint16_t>(
      std::count_if(period.weeks.begin(), period.weeks.end(), [&](Week week) { return week >= now; }));
  if (asked.weeks == 0)
    asked.weeks = static_cast<std::uint16_t>(period.weeks.size());  // it waited beyond its own weeks
  const std::uint32_t made = minutes_of(leg) / 60;
  asked.hours_left = hours_of(leg) > made ? hours_of(leg) - made : 0;
  asked.area = chain.station_of(leg).area;
  asked.begin_on = iro::to_field(std::max(fx_.today(), monday_of(period.weeks.front())));
  asked.respond_by = iro::to_field(fx_.today() + std::chrono::days(rule_.config.respond_days));
  asked.attempt = 1;
  asked.effective_on = today();
  fx_.emit(asked);
  // At once: what is asked in the same commit, by an alarm that rings beside this one, must know of it.
  rule_.handovers.put(fx_, asked.handover_id, {who->student}, who->student);
}

/// Why each station is none, by number: read by who decides what to do instead.
std::string Work::why_nowhere(const Problem& problem, const Plan& plan, std::uint8_t no, bool nl) const {
  const std::size_t s = no - 1U;
  std::string out;
  for (std::size_t t = 0; t < problem.stations; ++t) {
    bool been = (problem.been[s] >> t & 1U) != 0;
    Bar bar = Bar::unavailable;
    bool full = false;
    for (std::size_t p = 0; p < problem.periods; ++p) {
      been = been || plan.cells[s][p] == t + 1;
      if (plan.cells[s][p] != 0) continue;
      full = full || problem.bars[s][p][t] == Bar::none;
      bar = problem.bars[s][p][t] == Bar::none ? bar : problem.bars[s][p][t];
    }
    std::string_view why = nl ? "niet beschikbaar" : "not available";
    if (been) {
      why = nl ? "is er of was er al" : "is or was there";
    } else if (full) {
      why = nl ? "geen plaats vrij" : "no seat free";
    } else if (bar == Bar::closed_week) {
      why = nl ? "gesloten weken" : "closed weeks";
    } else if (bar == Bar::level) {
      why = nl ? "neemt het niveau niet aan" : "does not accept the level";
    } else if (bar == Bar::recognition) {
      why = nl ? "niet erkend" : "not recognised";
    } else if (bar == Bar::overbooked) {
      why = nl ? "te veel uren" : "too many hours";
    } else if (bar == Bar::too_near) {
      why = nl ? "te kort dag" : "too soon";
    }
    out += iro::words(out.empty() ? "" : ", ", nl ? "plek " : "station ", t + 1, " ", why);
  }
  return out;
}

void Work::say_replanned(const Plan& plan, events::ReplanCode code) {
  events::ChainReplannedT out;
  out.chain_id = id_;
  out.school = chain.school;
  out.providers = providers();
  out.code = code;
  out.changes = static_cast<std::uint16_t>(plan.changes);
  out.unplanned = static_cast<std::uint16_t>(plan.unplanned);
  add_seats(out, seats_of(plan.cells));
  out.effective_on = today();
  fx_.emit(out);
  if (!plan.proven) {
    tell({.nl = "De zoektocht bereikte haar grens: misschien is er een plan met minder wijzigingen.",
          .en = "The search reached its limit: there may be a plan with fewer changes."});
  }
}

// ------------------------------------------------------------ the end

void Work::release(std::uint8_t no, Cause cause, events::LegReleaseCode code, bool reoffer) {
  bool supervised = false;
  for (Leg& leg : chain.legs) {
    if (leg.student == no && cause == Cause::student_left) leg.waits = false;  // nobody is left to be handed over
    if (leg.student != no || (!leg.ahead() && !leg.under_way())) continue;
    const bool runs = leg.under_way();
    supervised = supervised || leg.offered;
    stop_clocks(leg);
    step(leg, cause);
    if (runs) {
      close(leg, true);
      continue;
    }
    const auto& who = participant(no);
    if (!who) continue;
    auto out = about<events::LegReleasedT>(leg);
    out.student = who->student;
    if (leg.provider_said) out.provider = chain.station_of(leg).provider;
    out.code = code;
    fx_.emit(out);
    if (reoffer && leg.offered) reoffer_seat(leg);
  }
  const auto& who = participant(no);
  if (!supervised || !who) return;
  events::SupervisionEndedT ended;  // asked for when the chain was filled
  ended.supervision_id = supervision_of(no);
  ended.student = who->student;
  ended.school = chain.school;
  ended.code = events::SupervisionEndCode::no_longer_needed;
  ended.ended_on = today();
  ended.effective_on = today();
  fx_.emit(ended);
}

/// Only those that run: an event may set or cancel 64 of them.
void Work::stop_clocks(const Leg& leg) {
  if (leg.offered && leg.state == LegState::planned) rule_.answer_by.cancel(fx_, leg.id);
  if (leg.state == LegState::interrupted) rule_.resume_by.cancel(fx_, leg.id);
}

std::string Work::supervision_of(std::uint8_t no) const { return iro::words(id_, "-supervision", no); }

/// The one seat in these weeks, as a vacancy of its own: the provider's own offer stays as it is.
void Work::reoffer_seat(const Leg& leg) {
  const Station& station = chain.station_of(leg);
  const Span& period = chain.period_of(leg);
  events::VacancyReofferedT out;
  out.vacancy_id = iro::words(leg.id, "-seat");
  out.provider = station.provider;
  out.offer = std::make_unique<events::OfferT>();
  if (station.branch != 255) out.offer->branch = static_cast<events::Branch>(station.branch);
  out.offer->programmes = {chain.programme};
  out.offer->levels.assign(station.levels.begin(), station.levels.end());
  if (chain.path != 255) out.offer->learning_paths = {static_cast<events::LearningPath>(chain.path)};
  out.offer->kind = events::PlacementKind::chain_leg;
  out.offer->begin_on = iro::to_field(monday_of(period.weeks.front()));
  out.offer->end_on = iro::to_field(monday_of(period.weeks.back()) + std::chrono::days(6));
  for (const Week week : period.weeks) {
    auto seats = std::make_unique<events::SeatsInWeekT>();
    seats->week = to_field(week);
    seats->seats = 1;
    out.offer->seats.push_back(std::move(seats));
  }
  out.offer->hours_per_week = chain.hours_per_week;
  for (const std::uint16_t place : leg.goals) out.offer->goals.push_back(goal(place));
  out.offer->learning_company_id = station.company;
  out.offer->area = station.area;
  out.effective_on = today();
  fx_.emit(out);
}

void Work::close(const Leg& leg, bool early) {
  const auto& who = participant(leg.student);
  if (!who) return;
  auto out = about<events::LegClosedT>(leg);
  out.student = who->student;
  out.provider = chain.station_of(leg).provider;
  out.ended_early = early;
  out.minutes_approved = minutes_of(leg);
  fx_.emit(out);
}

void Work::dissolve(Cause cause, events::ChainDissolveCode code, bool by_rule) {
  if (!step(cause)) return;
  rule_.confirm_by.cancel(fx_, id_);
  rule_.fill_by.cancel(fx_, id_);
  for (std::uint8_t no = 1; no <= chain.k; ++no) {
    release(no, Cause::chain_dissolved, events::LegReleaseCode::chain_dissolved, false);
  }
  if (!by_rule) return;
  events::ChainDissolvedT out;
  out.chain_id = id_;
  out.school = chain.school;
  out.providers = providers();
  out.code = code;
  out.effective_on = today();
  fx_.emit(out);
}

void Work::end_if_over() {
  if (!chain.under_way()) return;
  events::ChainClosedT out;
  for (const Leg& leg : chain.legs) {
    if (!leg.ended() && participant(leg.student)) return;  // of a person who was erased nobody waits for anything
    if (leg.state == LegState::closed) ++out.legs_closed;
    if (leg.state == LegState::ended_early) ++out.legs_ended_early;
  }
  if (chain.state == ChainState::filled) {
    return dissolve(Cause::legs_ended, events::ChainDissolveCode::no_leg_left, true);
  }
  step(Cause::legs_ended);
  out.chain_id = id_;
  out.school = chain.school;
  out.providers = providers();
  out.effective_on = today();
  fx_.emit(out);
}

// ------------------------------------------------------------ goals and hours

void Work::divide_goals(std::uint8_t no) {
  std::vector<Leg*> legs;
  for (Leg& leg : chain.legs) {
    if (leg.student == no && (leg.ahead() || leg.under_way())) legs.push_back(&leg);
  }
  if (legs.empty()) return;
  const auto& who = participant(no);
  const std::vector<std::string> reached = who ? who->reached : std::vector<std::string>();
  std::vector<std::vector<int>> serves(chain.goals.size());
  for (std::size_t goal = 0; goal < chain.goals.size(); ++goal) {
    const std::string& code = chain.goals[goal];
    if (std::find(reached.begin(), reached.end(), code) != reached.end()) continue;
    for (std::size_t i = 0; i < legs.size(); ++i) {
      const auto& here = chain.station_of(*legs[i]).goals;
      if (std::find(here.begin(), here.end(), code) != here.end()) serves[goal].push_back(static_cast<int>(i));
    }
  }
  const std::vector<int> leg_of = divide(serves, legs.size());
  for (Leg* leg : legs) leg->goals.clear();
  for (std::size_t goal = 0; goal < leg_of.size(); ++goal) {
    if (leg_of[goal] >= 0) legs[leg_of[goal]]->goals.push_back(static_cast<std::uint16_t>(goal));
  }
}

std::vector<std::string> Work::providers() const {
  std::vector<std::string> out;
  for (const Station& station : chain.stations) out.push_back(station.provider);
  return out;
}
std::unique_ptr<events::GoalT> Work::goal(std::uint16_t place) const {
  auto out = std::make_unique<events::GoalT>();
  out->code = chain.goals[place];
  out->text = chain.goal_texts[place];
  return out;
}
std::uint32_t Work::minutes_of(const Leg& leg) const {
  const auto book = rule_.books.get(fx_, leg.id);
  return book ? book->approved() : 0;
}
std::uint32_t Work::hours_of(const Leg& leg) const {
  return static_cast<std::uint32_t>(chain.hours_per_week * chain.period_of(leg).weeks.size());
}

}  // namespace iro::chain

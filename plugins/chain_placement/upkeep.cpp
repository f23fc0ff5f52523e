// What the rule only hears of: agreements, arrivals, hours, recognition, seats withdrawn, other placements.
#include <algorithm>

#include "plugins/chain_placement/work.hpp"

namespace iro::chain {
namespace {

/// The leg that an event names, if it is this provider's and this student's. Late or mistaken ones change nothing.
template <typename Table, typename Change>
void with_leg(const ChainPlacement& rule, const Table& said, const iro::Event& event, iro::Effects& fx, Change change) {
  const std::string_view id = iro::str(said.leg_id());
  const auto chain_id = rule.chain_of_leg(fx, id);
  auto chain = chain_id ? rule.chains.get(fx, *chain_id) : std::nullopt;
  if (!chain) return;
  Work work(rule, fx, *chain_id, std::move(*chain));
  Leg* leg = work.chain.find(id);
  if (leg == nullptr || leg->ended() || iro::str(said.provider()) != work.chain.station_of(*leg).provider) return;
  const auto& who = work.participant(leg->student);
  if (!who || who->student != event.person()) return;
  change(*leg);
  work.advance(*leg);
  work.end_if_over();
  work.save();
}

/// Where hours are kept: with their leg or placement.
template <typename Table>
std::string_view book_of(const Table& said, const iro::Event& event) {
  if (!iro::str(said.leg_id()).empty()) return iro::str(said.leg_id());
  return iro::str(said.placement_id()).empty() ? event.subject() : iro::str(said.placement_id());
}

/// Kept, unless it has outgrown a value of state.
void keep(const ChainPlacement& rule, iro::Effects& fx, std::string_view key, const HoursBook& book) {
  if (iro::archive::encode(book).size() <= most_booked) return rule.books.put(fx, key, book);
  fx.explain({.nl = "Het urenboek van deze plaatsing is vol: deze uren tellen niet mee in de dekking.",
              .en = "The book of hours of this placement is full: these hours do not count in the coverage."});
}

/// What a placement takes of the days of a week: its hours over its weeks, or as many as a leg when nobody says.
Other other_of(const Config& config, std::string_view student, std::int32_t begin, std::int32_t end,
               std::uint32_t hours) {
  Other out;
  out.student = student;
  out.from = week_of(iro::date_of(begin));
  out.until = end == 0 ? out.from + static_cast<Week>(most_weeks) : week_of(iro::date_of(end));
  const auto weeks = static_cast<std::uint32_t>(std::max<Week>(1, out.until - out.from + 1));
  out.day = ChainPlacement::over_days(hours == 0 || end == 0 ? config.hours_per_week : (hours + weeks - 1) / weeks);
  return out;
}

/// A provider and a programme that can be a key together.
bool is_register_key(std::string_view provider, std::string_view programme) {
  return usable(provider) && usable(programme) && iro::key(provider, programme).text().size() <= 200;
}

/// Overlaps and tasters are meant to run beside another; a leg of a chain is known already.
bool counts(flatbuffers::Optional<events::PlacementKind> kind) {
  return !kind || *kind == events::PlacementKind::regular || *kind == events::PlacementKind::shared_seat;
}

}  // namespace

void ChainPlacement::agreement(const events::AgreementFinalised& said, const iro::Event& event,
                               iro::Effects& fx) const {
  with_leg(*this, said, event, fx, [](Leg& leg) { leg.agreement_final = true; });
}
void ChainPlacement::arrival(const events::ArrivalConfirmed& said, const iro::Event& event, iro::Effects& fx) const {
  with_leg(*this, said, event, fx, [](Leg& leg) { leg.arrival_confirmed = true; });
}

void ChainPlacement::registered(const events::HoursRegistered& said, const iro::Event& event, iro::Effects& fx) const {
  if (!usable(book_of(said, event))) return;
  HoursBook book = books.get_or(fx, book_of(said, event), {});
  if (!book.student.empty() && book.student != event.person()) return;  // hours of a placement are one student's
  book.student = event.person();
  HoursBook::Entry& entry = book.entries[std::string(event.subject())];
  if (said.field()) entry.field = static_cast<std::uint8_t>(*said.field());
  if (!entry.approved || entry.minutes == 0) entry.minutes = said.minutes();
  keep(*this, fx, book_of(said, event), book);
}

void ChainPlacement::approved(const events::HoursApproved& said, const iro::Event& event, iro::Effects& fx) const {
  if (!usable(book_of(said, event))) return;
  HoursBook book = books.get_or(fx, book_of(said, event), {});
  if (!book.student.empty() && book.student != event.person()) return;  // hours of a placement are one student's
  book.student = event.person();
  HoursBook::Entry& entry = book.entries[std::string(event.subject())];
  entry.approved = true;
  if (said.minutes() != 0) entry.minutes = said.minutes();
  keep(*this, fx, book_of(said, event), book);
  if (said.last()) with_leg(*this, said, event, fx, [](Leg& leg) { leg.hours_settled = true; });
}

void ChainPlacement::recognised(const events::RecognitionGranted& said, iro::Effects& fx) const {
  if (!is_register_key(iro::str(said.provider()), iro::str(said.programme()))) return;
  const iro::Key key = iro::key(iro::str(said.provider()), iro::str(said.programme()));
  auto known = recognitions.get_or(fx, key, {});
  Recognition& row = known[std::string(iro::str(said.learning_company_id()))];
  row.from = said.valid_from();
  row.until = said.valid_until();
  if (row.lost_on <= row.from) row.lost_on = 0;  // granted anew; a loss after the first day stays, whatever came first
  recognitions.put(fx, key, known);
}

namespace {

/// A station of a chain has lost seats. The sweep, right after this event, plans again: one station of one chain a
/// call.
void lose(const ChainPlacement& rule, iro::Effects& fx, std::string_view chain, const Loss& loss) {
  const iro::Key key = iro::key(chain, std::uint32_t{loss.station});
  const auto waiting = rule.losses.get(fx, key);
  Loss put = loss;
  if (waiting && waiting->periods.empty()) {
    put = *waiting;
  } else if (waiting && !loss.periods.empty()) {
    put.seats = std::max(put.seats, waiting->seats);
    put.periods.insert(put.periods.end(), waiting->periods.begin(), waiting->periods.end());
  }
  rule.losses.put(fx, key, put);
  rule.sweep.set(fx, "next", fx.now(), {});
}

/// Every chain that is not over, and its stations of a provider: found(id, chain, station number from 1).
template <typename Visit>
void each_station(const ChainPlacement& rule, iro::Effects& fx, std::string_view provider, Visit visit) {
  for (const auto& [key, chain] : rule.chains.all(fx)) {
    for (std::size_t t = 0; !chain.over() && t < chain.stations.size(); ++t) {
      if (chain.stations[t].provider == provider) visit(id_of(key), chain, static_cast<std::uint8_t>(t + 1));
    }
  }
}

}  // namespace

void ChainPlacement::unrecognised(const events::RecognitionLost& said, const iro::Event& event,
                                  iro::Effects& fx) const {
  const std::string_view provider = iro::str(said.provider());
  if (!is_register_key(provider, iro::str(said.programme()))) return;
  const iro::Key key = iro::key(provider, iro::str(said.programme()));
  auto known = recognitions.get_or(fx, key, {});
  known[std::string(iro::str(said.learning_company_id()))].lost_on =
      said.lost_on() == 0 ? iro::to_field(event.today()) : said.lost_on();
  recognitions.put(fx, key, known);
  each_station(*this, fx, provider, [&](const std::string& id, const Chain& chain, std::uint8_t station) {
    if (chain.programme == iro::str(said.programme()) && chain.is_mbo()) {
      lose(*this, fx, id, {station, Cause::recognition_lost, {}, 0});
    }
  });
}

void ChainPlacement::withdrawn(const events::VacancyWithdrawn& said, iro::Effects& fx) const {
  if (!usable(iro::str(said.vacancy_id()))) return;
  each_station(
      *this, fx, iro::str(said.provider()), [&](const std::string& id, const Chain& chain, std::uint8_t station) {
        if (chain.stations[station - 1U].vacancy != iro::str(said.vacancy_id())) return;
        Loss loss{station, Cause::seat_withdrawn, {}, 0};
        const bool all = said.seats() == nullptr || said.seats()->size() == 0;
        for (std::size_t p = 0; !all && p < chain.periods.size(); ++p) {
          for (flatbuffers::uoffset_t i = 0; i < said.seats()->size(); ++i) {
            const auto week = from_field(said.seats()->Get(i)->week());
            const auto& weeks = chain.periods[p].weeks;
            if (!week || std::find(weeks.begin(), weeks.end(), *week) == weeks.end()) continue;
            if (loss.periods.empty() || loss.periods.back() != p + 1)
              loss.periods.push_back(static_cast<std::uint8_t>(p + 1));
            loss.seats =
                static_cast<std::uint8_t>(std::clamp<unsigned>(said.seats()->Get(i)->seats(), loss.seats, 255));
          }
        }
        if (all || (!loss.periods.empty() && loss.seats > 0)) lose(*this, fx, id, loss);
      });
}

void ChainPlacement::member_left(const events::MemberLeft& said, iro::Effects& fx) const {
  each_station(*this, fx, iro::str(said.member()), [&](const std::string& id, const Chain&, std::uint8_t station) {
    lose(*this, fx, id, {station, Cause::provider_left, {}, 0});
  });
}

namespace {

struct Fails {
  events::LegFailCode leg;
  events::ReplanCode chain;
};
Fails codes_of(Cause cause) {
  if (cause == Cause::recognition_lost)
    return {events::LegFailCode::recognition_lost, events::ReplanCode::recognition_lost};
  if (cause == Cause::provider_left)
    return {events::LegFailCode::provider_withdrew, events::ReplanCode::provider_withdrew};
  return {events::LegFailCode::seat_withdrawn, events::ReplanCode::seat_withdrawn};
}

/// Before the group is full there is nobody to move: a rotation that lost a station it needs is dissolved.
void before_full(const ChainPlacement& rule, iro::Effects& fx, Work& work, const Loss& loss) {
  Chain& chain = work.chain;
  Station& station = chain.stations[loss.station - 1U];
  bool broken = false;
  for (const Cell& cell : chain.plan) {
    if (cell.station != loss.station) continue;
    const auto& periods = loss.periods;
    const bool here = periods.empty() || std::find(periods.begin(), periods.end(), cell.period) != periods.end();
    const auto users = std::count_if(chain.plan.begin(), chain.plan.end(), [&](const Cell& other) {
      return other.period == cell.period && other.station == cell.station;
    });
    if (loss.cause == Cause::recognition_lost) {
      broken = broken || !rule.is_recognised(fx, chain, station, chain.periods[cell.period - 1U]);
    } else {
      broken = broken || (here && (periods.empty() || users + loss.seats > station.seats));
    }
  }
  if (loss.periods.empty() && loss.cause != Cause::recognition_lost) station.lost = true;
  for (const std::uint8_t period : loss.periods) chain.lost_seats.push_back({period, loss.station, loss.seats});
  if (broken) work.dissolve(Cause::provider_lost, events::ChainDissolveCode::provider_left, true);
}

void under_way(const ChainPlacement& rule, iro::Effects& fx, std::string_view id, Work& work, const Loss& loss) {
  Chain& chain = work.chain;
  Station& station = chain.stations[loss.station - 1U];
  const Fails codes = codes_of(loss.cause);
  bool again = false;
  if (loss.periods.empty()) {
    if (loss.cause != Cause::recognition_lost) station.lost = true;
    for (Leg& leg : chain.legs) {
      const bool here = leg.station == loss.station && (leg.ahead() || leg.under_way());
      if (!here ||
          (loss.cause == Cause::recognition_lost && rule.is_recognised(fx, chain, station, chain.period_of(leg))))
        continue;
      work.fail(leg, codes.leg, loss.cause, true);
      again = true;
    }
  } else {
    for (const std::uint8_t period : loss.periods) chain.lost_seats.push_back({period, loss.station, loss.seats});
    const Problem problem = rule.problem_of(fx, id, chain);
    for (const std::uint8_t period : loss.periods) {
      unsigned there = 0;
      unsigned stays = 0;
      for (const Leg& leg : chain.legs) {
        if (leg.period != period || leg.station != loss.station || (!leg.ahead() && !leg.under_way())) continue;
        ++there;
        stays += problem.fixed[leg.student - 1U][period - 1U] ? 1 : 0;
      }
      const unsigned seats = problem.seats[period - 1U][loss.station - 1U];
      again = again || there > seats;
      // What can't be planned elsewhere in time fails from the last place in the group on; among the rest the plan
      // chooses.
      for (auto leg = chain.legs.rbegin(); leg != chain.legs.rend() && stays > seats; ++leg) {
        const bool here = leg->period == period && leg->station == loss.station && (leg->ahead() || leg->under_way());
        if (!here || !problem.fixed[leg->student - 1U][period - 1U]) continue;
        work.fail(*leg, codes.leg, loss.cause, true);
        --stays;
      }
    }
  }
  if (again) work.replan(codes.chain, &loss);
}

}  // namespace

void ChainPlacement::sweeps(const iro::Timer&, iro::Effects& fx) const {
  std::optional<std::pair<std::string, Loss>> first;
  bool more = false;
  losses.each(fx, [&](std::string_view key, const Loss& loss) {
    more = first.has_value();
    if (!first) first.emplace(key, loss);
    return !more;
  });
  if (!first) return;
  if (more) sweep.set(fx, "next", fx.now(), {});
  const std::string id = id_of(std::string_view(first->first).substr(0, first->first.rfind('/')));
  const Loss loss = first->second;
  losses.remove(fx, iro::key(id, std::uint32_t{loss.station}));
  auto chain = chains.get(fx, id);
  if (!chain || chain->over() || loss.station == 0 || loss.station > chain->stations.size()) return;
  Work work(*this, fx, id, std::move(*chain));
  if (work.chain.under_way()) {
    under_way(*this, fx, id, work, loss);
  } else {
    before_full(*this, fx, work, loss);
  }
  work.save();
}

// ------------------------------------------------------------ handovers: a student is in one at a time

void ChainPlacement::handover_over(const iro::Event& event, iro::Effects& fx) const {
  if (usable(event.subject())) handovers.remove(fx, event.subject());
  std::vector<std::string> places;
  participants.each(fx, [&](std::string_view key, const Participant& who) {
    if (who.student == event.person()) places.emplace_back(key);
  });
  for (const std::string& place : places) {
    const std::string id = id_of(std::string_view(place).substr(0, place.rfind('/')));
    auto chain = chains.get(fx, id);
    if (!chain) continue;
    Work work(*this, fx, id, std::move(*chain));
    Leg* leg = work.next_waiting(place_of(place));
    if (leg == nullptr) continue;
    work.request(*leg);
    return work.save();
  }
}

void ChainPlacement::handover_requested(const events::HandoverRequested&, const iro::Event& event,
                                        iro::Effects& fx) const {
  if (usable(event.subject())) handovers.put(fx, event.subject(), {std::string(event.person())});
}
void ChainPlacement::handover_cancelled(const events::HandoverCancelled&, const iro::Event& event,
                                        iro::Effects& fx) const {
  handover_over(event, fx);
}
void ChainPlacement::handover_completed(const events::HandoverCompleted&, const iro::Event& event,
                                        iro::Effects& fx) const {
  handover_over(event, fx);
}
void ChainPlacement::handover_stopped(const events::HandoverStopped&, const iro::Event& event, iro::Effects& fx) const {
  handover_over(event, fx);
}
void ChainPlacement::handover_stayed(const events::HandoverStayed&, const iro::Event& event, iro::Effects& fx) const {
  handover_over(event, fx);
}

/// What this rule asked for is refused (warm-handover knows of another one, say): by that the student is in none.
void ChainPlacement::not_taken(const events::Refused& said, iro::Effects& fx) const {
  const std::string_view asked = iro::str(said.refused_subject());
  const bool ours = iro::str(said.plugin()) == "chain-placement" &&
                    iro::str(said.refused_type()) == iro::EventTraits<events::HandoverRequested>::type;
  if (!ours || !usable(asked)) return;
  handovers.remove(fx, asked);
  const std::string_view leg_id = Work::leg_of(asked);
  const auto id = chain_of_leg(fx, leg_id);
  auto chain = id ? chains.get(fx, *id) : std::nullopt;
  if (!chain) return;
  Work work(*this, fx, *id, std::move(*chain));
  Leg* leg = work.chain.find(leg_id);
  const auto* who = leg == nullptr ? nullptr : &work.participant(leg->student);
  if (who == nullptr || !*who || (*who)->left) return;
  leg->waits = true;
  // Its turn may be over; that of another leg of the student is not by that.
  if (work.next_waiting(leg->student)->asks < config.most_asks)
    ask_again.set(fx, iro::key(*id, std::uint32_t{leg->student}), fx.now() + std::chrono::days(config.ask_again_days),
                  (*who)->student);
  if (leg->asks < config.most_asks) {
    work.tell({.nl = iro::words("Student ", leg->student, ": de overdracht is geweigerd (", iro::str(said.judge_code()),
                                "); zij wordt over ", config.ask_again_days,
                                " dagen weer gevraagd, of als een andere van deze student eindigt."),
               .en = iro::words("Student ", leg->student, ": the handover is refused (", iro::str(said.judge_code()),
                                "); it is asked for again in ", config.ask_again_days,
                                " days, or when another of this student ends.")});
  } else {
    work.tell({.nl = iro::words("Student ", leg->student, ": de overdracht is geweigerd (", iro::str(said.judge_code()),
                                ") en ", leg->asks, " keer gevraagd; zij wordt niet meer vanzelf gevraagd."),
               .en = iro::words("Student ", leg->student, ": the handover is refused (", iro::str(said.judge_code()),
                                ") and was asked for ", leg->asks, " times; it is not asked for by itself any more.")});
  }
  work.save();
}

/// Whatever stood in the way may be gone: the leg of this student that was asked for least often has its turn. What
/// stands in the way now may be refused, too, without an end that anybody hears of: so it rings again tomorrow.
void ChainPlacement::asks_again(const iro::Timer& timer, iro::Effects& fx) const {
  const std::string id = id_of(timer.key().substr(0, timer.key().rfind('/')));
  const std::uint8_t no = place_of(timer.key());
  auto chain = chains.get(fx, id);
  if (!chain) return;
  Work work(*this, fx, id, std::move(*chain));
  Leg* leg = work.next_waiting(no);
  if (leg == nullptr || leg->asks >= config.most_asks) return;
  if (work.one_is_open(no)) {
    ask_again.set(fx, iro::key(id, std::uint32_t{no}), fx.now() + std::chrono::days(1), work.participant(no)->student);
    return;
  }
  work.request(*leg);
  work.save();
}

// ------------------------------------------------------------ other placements: hours a day and a week, and the route

namespace {

/// A placement becomes, or goes on as, a step of its student's route. What comes late does not take it back.
template <typename Table>
void take_step(const ChainPlacement& rule, const Table& said, const iro::Event& event, iro::Effects& fx, Step::At at) {
  Step step = rule.steps.get_or(fx, event.subject(), {});
  if (!step.student.empty() && step.student != event.person()) return;  // a placement is one student's
  step.student = event.person();
  if (!iro::str(said.provider()).empty()) step.provider = iro::str(said.provider());
  if constexpr (requires { said.kind(); }) {
    if (said.kind()) step.kind = static_cast<std::uint8_t>(*said.kind());
  }
  if constexpr (requires { said.branch(); }) {
    if (said.branch()) step.branch = static_cast<std::uint8_t>(*said.branch());
  }
  if constexpr (requires { said.year(); }) {
    if (said.year() != 0) step.year = said.year();
  }
  if (step.branch == 255) {
    const auto member = rule.members.find(fx, step.provider);
    if (member && member->branches.size() == 1) step.branch = static_cast<std::uint8_t>(member->branches.front());
  }
  if (said.begin_on() != 0) step.begin = said.begin_on();
  if (step.at != Step::At::ended && said.planned_end_on() != 0) step.end = said.planned_end_on();
  if constexpr (requires { said.ended_on(); }) {
    if (said.ended_on() != 0) step.end = said.ended_on();
  }
  step.at = std::max(step.at, at);
  rule.steps.put(fx, event.subject(), step);
}

}  // namespace

void ChainPlacement::placement_adopted(const events::PlacementAdopted& said, const iro::Event& event,
                                       iro::Effects& fx) const {
  if (!usable(event.subject())) return;
  take_step(*this, said, event, fx, said.ended_on() != 0 ? Step::At::ended : Step::At::running);
  if (said.begin_on() == 0 || said.ended_on() != 0 || !counts(said.kind())) return;
  others.put(fx, event.subject(),
             other_of(config, event.person(), said.begin_on(), said.planned_end_on(), said.hours()));
}
void ChainPlacement::placement_found(const events::PlacementSelfFound& said, const iro::Event& event,
                                     iro::Effects& fx) const {
  if (!usable(event.subject())) return;
  take_step(*this, said, event, fx, Step::At::planned);
  if (said.begin_on() == 0) return;
  others.put(fx, event.subject(),
             other_of(config, event.person(), said.begin_on(), said.planned_end_on(), said.hours()));
}
void ChainPlacement::placement_confirmed(const events::PlacementConfirmed& said, const iro::Event& event,
                                         iro::Effects& fx) const {
  if (!usable(event.subject())) return;
  take_step(*this, said, event, fx, Step::At::planned);
  if (said.begin_on() == 0) return;
  others.put(fx, event.subject(), other_of(config, event.person(), said.begin_on(), said.planned_end_on(), 0));
}
void ChainPlacement::placement_started(const events::PlacementStarted& said, const iro::Event& event,
                                       iro::Effects& fx) const {
  if (!usable(event.subject())) return;
  take_step(*this, said, event, fx, Step::At::running);
  if (!counts(said.kind())) return others.remove(fx, event.subject());
  if (said.begin_on() == 0 || others.has(fx, event.subject())) return;  // what was said before had hours
  others.put(fx, event.subject(), other_of(config, event.person(), said.begin_on(), said.planned_end_on(), 0));
}
void ChainPlacement::placement_ended(const events::PlacementEnded& said, const iro::Event& event,
                                     iro::Effects& fx) const {
  if (!usable(event.subject())) return;
  take_step(*this, said, event, fx, Step::At::ended);
  others.remove(fx, event.subject());
}

}  // namespace iro::chain

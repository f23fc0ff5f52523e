// What the handlers share: finding, keeping and moving a case.
#include <algorithm>

#include "rule.hpp"

namespace iro::handover {
namespace {

/// What a case waits for in a stage; nothing: another clock runs there.
std::optional<HandoverStep> step_of(const Case& one) {
  if (one.stage == Stage::intake) return one.support_until ? HandoverStep::end_of_support : HandoverStep::ask_student;
  if (one.stage == Stage::unplaced && is_mbo(one.need) && !one.sbb_told) return HandoverStep::tell_sbb;
  if (one.stage == Stage::accepted) return HandoverStep::hold_meeting;
  if (one.stage == Stage::preparing) return HandoverStep::prepare_arrival;
  if (one.stage == Stage::ready) return HandoverStep::start;
  return std::nullopt;
}

}  // namespace

bool usable(std::string_view id, std::string_view person) {
  std::size_t size = 0;
  for (const char c : id) size += c == '/' || c == '%' ? 3 : 1;
  return size >= 1 && size <= 80 && (person.empty() || id.find(person) == std::string_view::npos);
}

std::string plain(std::string_view key_part) {
  std::string out;
  for (std::size_t i = 0; i < key_part.size(); ++i) {
    if (key_part.substr(i, 3) == "%2F") {
      out += '/';
      i += 2;
    } else if (key_part.substr(i, 3) == "%25") {
      out += '%';
      i += 2;
    } else {
      out += key_part[i];
    }
  }
  return out;
}

std::vector<Shift> shifts_in(const flatbuffers::Vector<Shift>* from) {
  std::vector<Shift> out;
  for (const Shift shift : EnumValuesShift()) {
    bool said = false;
    for (flatbuffers::uoffset_t i = 0; from != nullptr && i < from->size() && !said; ++i) said = from->Get(i) == shift;
    if (said) out.push_back(shift);
  }
  return out;
}

std::map<std::string, std::string> goals_in(const flatbuffers::Vector<flatbuffers::Offset<Goal>>* from) {
  constexpr std::size_t most_goals = 200;
  std::map<std::string, std::string> out;
  for (flatbuffers::uoffset_t i = 0; from != nullptr && i < from->size() && out.size() < most_goals; ++i) {
    const Goal& goal = *from->Get(i);
    const std::string_view code = iro::str(goal.code()).empty() ? iro::str(goal.text()) : iro::str(goal.code());
    if (!code.empty()) out.emplace(std::string(code.substr(0, 80)), std::string(iro::str(goal.text()).substr(0, 120)));
  }
  return out;
}

std::uint32_t shelf_of(std::string_view student) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : student) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return (hash ^ hash >> 16) & 0xFFU;
}

std::optional<Case> WarmHandover::find(const iro::Look& look, std::string_view id) const {
  return usable(id, {}) ? cases.get(look, id) : std::nullopt;
}

void WarmHandover::save(iro::Effects& effects, const Case& one) const {
  cases.put(effects, one.id, one, one.student);
  if (one.stage == Stage::unplaced) {
    waiting.put(effects, one.id, true, one.student);
  } else {
    waiting.remove(effects, one.id);
  }
}

bool WarmHandover::walk(iro::Effects& effects, Case& one, On on) const {
  const Row* row = row_of(one.stage, on);
  if (row == nullptr) return false;
  effects.explain({.nl = std::string(row->nl), .en = std::string(row->en)});
  if (row->to == Stage::none) return true;
  const Stage before = one.stage;
  constexpr std::size_t most_steps = 200;
  if (one.stage != row->to || one.history.empty()) {
    if (one.history.size() == most_steps) one.history.erase(one.history.begin());
    one.history.push_back({row->to, effects.today()});
    one.reminders = 0;
  }
  one.stage = row->to;
  if (step_of(one)) {
    sys_days due = effects.today() + days(config.action_days);
    if (one.stage == Stage::intake && one.support_until) due = *one.support_until + days(1);
    if (one.stage == Stage::ready && one.begin) due = std::max(due, *one.begin + days(1));
    stalled.set(effects, one.id, due, one.student);
  } else if (!(is_in(before, running) && is_in(one.stage, running))) {  // a check that is due stays due
    stalled.cancel(effects, one.id);
  }
  return true;
}

/// Nobody did what was to be done: say it, and again each time that long passes.
void WarmHandover::nothing_happened(const iro::Timer& timer, iro::Effects& effects) const {
  const auto one = find(effects, plain(timer.key()));
  if (!one) return;
  const auto step = is_in(one->stage, running) ? std::optional(HandoverStep::do_check) : step_of(*one);
  if (!step || one->reminders >= config.most_reminders) return;
  auto said = about<HandoverActionDueT>(*one, effects);
  said.step = step;
  said.since_on = one->history.empty() ? 0 : to_field(one->history.back().on);
  said.reminders = one->reminders;
  effects.emit(said);
}

iro::Verdict WarmHandover::action_due(const HandoverActionDue& due, const iro::Event& event,
                                      iro::Effects& effects) const {
  auto one = find(effects, event.subject());
  if (const auto rule = wrong(one, due, event, Speaker::school)) return refuse(*rule);
  if (!walk(effects, *one, On::action_due)) return refuse(Rule::wrong_stage);
  ++one->reminders;
  stalled.set(effects, one->id, event.today() + days(config.action_days), one->student);
  save(effects, *one);
  return iro::accept();
}

std::vector<Case> WarmHandover::open_cases_of(const iro::Look& look, std::string_view student) const {
  std::vector<std::string> ids;
  of_student.each(look, shelf_of(student), [&](std::string_view key, const std::string& who) {
    if (who == student) ids.push_back(plain(key.substr(key.find('/') + 1)));
  });
  std::vector<Case> out;
  for (const std::string& id : ids) {
    auto one = find(look, id);
    if (one && !one->ended()) out.push_back(std::move(*one));
  }
  return out;
}

std::vector<Placed> WarmHandover::placements_of(const iro::Look& look, std::string_view student) const {
  std::vector<Placed> out;
  placements.each(look, shelf_of(student), [&](std::string_view, const Placed& one) {
    if (one.student == student) out.push_back(one);
  });
  return out;
}

/// The end of a handover: no clock rings any more, and after a time nothing is left of it.
void WarmHandover::finish(iro::Effects& effects, Case& one) const {
  for (const iro::Alarm* alarm : {&search_ends, &invitation_ends, &stalled, &first_check, &last_check}) {
    alarm->cancel(effects, one.id);
  }
  forget_case.set(effects, one.id, effects.today() + days(config.keep_days), one.student);
  save(effects, one);
}

void WarmHandover::forget(const iro::Timer& timer, iro::Effects& effects) const {
  const auto one = find(effects, plain(timer.key()));
  if (!one || !one->ended()) return;
  std::vector<std::string> kept;
  hours.each(effects, one->id,
             [&](std::string_view key, const std::uint32_t&) { kept.push_back(plain(key.substr(key.find('/') + 1))); });
  constexpr std::size_t at_once = 500;  // far below what one event may write
  if (kept.size() > at_once) {
    kept.resize(at_once);
    forget_case.set(effects, one->id, timer.today() + days(1), one->student);
  } else {
    if (!one->vacancy.empty()) bookings.remove(effects, iro::key(one->vacancy, one->id));
    cases.remove(effects, one->id);
    of_student.remove(effects, iro::key(shelf_of(one->student), one->id));
  }
  for (const std::string& hours_id : kept) hours.remove(effects, iro::key(one->id, hours_id));
}

}  // namespace iro::handover

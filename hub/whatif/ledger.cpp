#include "hub/whatif/ledger.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <tuple>

namespace iro::whatif {
namespace json = boost::json;

bool Ledger::take_same(std::vector<Kept>& among, const Said& said) {
  const auto at = std::ranges::find_if(among, [&](const Kept& one) {
    return one.payload && said.payload && one.type == said.type && std::ranges::equal(*one.payload, *said.payload);
  });
  if (at == among.end()) return false;
  among.erase(at);
  return true;
}

void Ledger::recorded(const EventId& cause, TimeMs recorded_at, const Said& said) {
  const RecordedCause& known = recording_.causes.at(cause);
  const TimeMs at = known.type.value() == 0 ? recorded_at : known.at;
  const bool counts = at >= options_.since;
  if (counts) ++report_.recorded;
  Open& open = open_[cause];
  if (take_same(open.replayed, said)) {
    if (counts) ++report_.same;
    if (open.replayed.empty() && open.recorded.empty()) open_.erase(cause);
    return;
  }
  if (open.at.value() == 0) open.at = at;
  if (open.cause_type.empty() && known.type.value() != 0) open.cause_type = recording_.text(known.type);
  open.recorded.push_back({std::string(said.type), std::string(said.subject),
                           said.payload ? std::optional(to_bytes(*said.payload)) : std::nullopt});
}

void Ledger::replayed(const Named& cause, const Said& said) {
  const bool counts = cause.at >= options_.since;
  if (counts) ++report_.emitted;
  if (!recording_.causes.contains(cause.id)) {
    if (counts)
      report_.more.add({std::string(said.type), std::string(said.subject), cause.id, cause.type, cause.at, {}},
                       options_.examples);
    return;
  }
  Open& open = open_[cause.id];
  open.at = cause.at;
  open.cause_type = cause.type;
  if (take_same(open.recorded, said)) {
    if (counts) ++report_.same;
    if (open.replayed.empty() && open.recorded.empty()) open_.erase(cause.id);
    return;
  }
  open.replayed.push_back({std::string(said.type), std::string(said.subject), to_bytes(*said.payload)});
}

/// What is left of one cause: first what has the same type, then the rest.
void Ledger::compare(const EventId& cause, Open& open) {
  const auto known = recording_.causes.find(cause);
  const bool unseen = known != recording_.causes.end() && known->second.unseen;
  for (Kept& was : open.recorded) {
    const auto now = std::ranges::find(open.replayed, was.type, &Kept::type);
    if (!was.payload || unseen) {
      ++report_.unseen.emitted;
      if (now != open.replayed.end()) open.replayed.erase(now);
      continue;
    }
    EventDifference difference{was.type, was.subject, cause, open.cause_type, open.at, {}};
    if (now == open.replayed.end()) {
      report_.gone.add(std::move(difference), options_.examples);
      continue;
    }
    difference.fields = differing(was, *now);
    report_.otherwise.add(std::move(difference), options_.examples);
    open.replayed.erase(now);
  }
  for (const Kept& now : open.replayed)
    report_.more.add({now.type, now.subject, cause, open.cause_type, open.at, {}}, options_.examples);
}

/// The names of the fields in which two payloads of one type differ.
std::vector<std::string> Ledger::differing(const Kept& a, const Kept& b) const {
  const schema::EventType* type = registry_.find(a.type);
  if (type == nullptr || !registry_.verify(*type, *a.payload) || !registry_.verify(*type, *b.payload)) return {};
  const json::value before = json::parse(registry_.to_json(*type, *a.payload).value_or("{}"));
  const json::value after = json::parse(registry_.to_json(*type, *b.payload).value_or("{}"));
  std::set<std::string> names;
  for (const auto& [one, other] : {std::pair{&before, &after}, std::pair{&after, &before}}) {
    for (const auto& [name, value] : one->as_object()) {
      const json::value* same = other->as_object().if_contains(name);
      if (same == nullptr || *same != value) names.emplace(name);
    }
  }
  return {names.begin(), names.end()};
}

// ------------------------------------------------------------ verdicts

Ledger::Judged& Ledger::judged(const EventId& event) {
  Judged& out = judged_[event];
  out.event.id = event;
  return out;
}

void Ledger::recorded_held(const Named& event) {
  Judged& one = judged(event.id);
  one.event = event;
  one.recorded = Fate::held;
}

void Ledger::recorded_out(const EventId& event) {
  if (const auto at = judged_.find(event); at != judged_.end() && at->second.recorded == Fate::held)
    at->second.recorded = Fate::let_out;
}

void Ledger::recorded_refused(const EventId& event) {
  if (const auto at = judged_.find(event); at != judged_.end() && at->second.recorded == Fate::held)
    at->second.recorded = Fate::rejected;
}

void Ledger::recorded_by_rule(const EventId& event) {
  if (const auto at = judged_.find(event); at != judged_.end()) at->second.by_rule = true;
}

void Ledger::replayed_ruling(const Named& event, TimeMs expires, reaction::Ruling ruling, const reaction::Note& note) {
  if (ruling == reaction::Ruling::accept) return;
  Judged& one = judged(event.id);
  one.event = event;
  one.expires = expires;
  one.note = note;
  one.replayed = ruling == reaction::Ruling::hold ? Fate::held : Fate::rejected;
}

bool Ledger::replayed_word(const reaction::HeldWord& word) {
  const auto at = judged_.find(word.event);
  if (at == judged_.end() || at->second.replayed != Fate::held) return false;
  at->second.replayed = word.release ? Fate::let_out : Fate::rejected;
  at->second.note = word.note;
  return true;
}

void Ledger::not_judged(const EventId& event) {
  if (const auto at = judged_.find(event); at != judged_.end()) at->second.unseen = true;
}

void Ledger::finish_verdicts(TimeMs end) {
  std::vector<const Judged*> order;
  order.reserve(judged_.size());
  for (auto& [id, one] : judged_) {
    if (one.event.at < options_.since) continue;
    // A judge that was only late let it through, or refused it, in the end.
    if (one.recorded == Fate::let_out && !one.by_rule) one.recorded = Fate::accepted;
    if (one.replayed == Fate::held && one.expires.value() != 0 && one.expires <= end) one.replayed = Fate::rejected;
    if (one.unseen) ++report_.unseen.judged;
    if (!one.unseen && one.recorded != one.replayed) order.push_back(&one);
  }
  std::ranges::sort(order, {}, [](const Judged* one) { return std::pair(one->event.at, one->event.id); });
  for (const Judged* one : order)
    report_.verdicts[{one->recorded, one->replayed}].add({one->event, one->recorded, one->replayed, one->note},
                                                         options_.examples);
}

void Ledger::finish(TimeMs end) {
  std::vector<std::pair<EventId, Open*>> order;
  order.reserve(open_.size());
  for (auto& [cause, open] : open_) {
    if (open.at >= options_.since) order.emplace_back(cause, &open);
  }
  std::ranges::sort(order, {}, [](const auto& one) { return std::pair(one.second->at, one.first); });
  for (auto& [cause, open] : order) compare(cause, *open);
  open_.clear();
  finish_verdicts(end);
}

}  // namespace iro::whatif

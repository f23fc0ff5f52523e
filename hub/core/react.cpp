// Reaction: plugins judge and answer the events of the open batch, in rounds, until nothing new is said. Whoever is
// late or fails falls behind and reads the log (trail.cpp); a judge's events are then held, never let through unseen
// (ADR 0028).
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "hub/base/assert.hpp"
#include "hub/core/core.hpp"
#include "hub/reaction/emission.hpp"

namespace iro::core {
namespace {

reaction::Note late_note() {
  return {"judge_late", "de regel heeft nog niet geoordeeld", "the rule has not judged yet"};
}

std::string reason_of(std::string_view what, Errc code) {
  return fmt::format("{}: {}", what.substr(0, limits::attribute_bytes), info(code).en);
}

/// What every hub.refused says.
boost::json::object refused_payload(const EventId& answered, Errc code, std::string_view plugin,
                                    std::string_view what) {
  return {{"event_id", to_string(answered)},
          {"code", static_cast<int>(code)},
          {"reason", reason_of(what, code)},
          {"plugin", plugin}};
}

}  // namespace

/// A round over the items from `first` on: who is asked about each is decided here, for good.
void Core::begin_round(std::size_t first, TimeMs now, Actions& out) {
  if (!batch_.recorded) {
    batch_.recorded = std::max(now, last_recorded_);
    for (auto& [id, line] : lines_) come_back(line, now);
  }
  std::vector<reaction::Rounds::Item> items;
  for (std::size_t i = first; i < batch_.items.size(); ++i) {
    Item& item = batch_.items[i];
    reaction::Rounds::Item asked{static_cast<std::uint32_t>(i), {}, {}};
    if (!item.only.empty()) {
      asked.reactors.push_back(item.only);
    } else if (!item.record_only && item.backfill == 0 && (item.released_from.value() == 0 || item.rule_released)) {
      find_judge(item, asked);
      if (item.ruling == reaction::Ruling::accept) asked.reactors = concerns_.reactors(item.event.type);
    }
    std::erase_if(asked.reactors, [&](const std::string& id) { return !asks_inline(lines_.at(id), item); });
    items.push_back(std::move(asked));
  }
  round_first_ = first;
  phase_ = Phase::reacting;
  rounds_.begin(items);
  ask_plugins(now, out);
}

/// Is the plugin asked about the item in its own commit? If not, it finds it in the log.
bool Core::asks_inline(PluginLine& line, Item& item) {
  if (!line.is_inline()) return false;
  if (line.outstanding) {  // with a parked event: this one comes after it
    line.falls_behind_at = static_cast<std::uint32_t>(&item - batch_.items.data());
    return false;
  }
  if (!line.holds_subject(item.event.subject.empty() ? item.admitted.facts.subject : item.event.subject)) return true;
  item.waits_for.push_back(line.spec.id);
  return false;
}

/// Whether somebody judges the item, and what becomes of it when the judge cannot be asked.
void Core::find_judge(Item& item, reaction::Rounds::Item& asked) {
  const std::string* judge = item.rule_released ? nullptr : concerns_.judge(item.event.type);
  if (judge == nullptr) return;
  PluginLine& line = lines_.at(*judge);
  if (asks_inline(line, item)) {
    asked.judge = *judge;
  } else if (!line.suspended() || line.spec.on_unavailable == reaction::OnUnavailable::hold) {
    item.ruling = reaction::Ruling::hold;
    item.held_by = *judge;
    item.note = late_note();
  } else if (line.spec.on_unavailable == reaction::OnUnavailable::reject) {
    item.ruling = reaction::Ruling::reject;
    item.note = {"judge_unavailable", "de regel is buiten bedrijf", "the rule is out of service"};
  }
}

void Core::ask_plugins(TimeMs now, Actions& out) {
  for (auto asks = rounds_.ready(); !asks.empty(); asks = rounds_.ready()) {
    for (const auto& ask : asks) ask_inline(ask, out);
  }
  if (rounds_.quiet()) end_round(now, out);
}

/// One call with all that it wants of the round; where that is too much it follows the log instead, in smaller calls.
void Core::ask_inline(const reaction::Rounds::Ask& ask, Actions& out) {
  PluginLine& line = lines_.at(ask.plugin);
  PluginLine::Outstanding asked;
  asked.now = *batch_.recorded;
  std::size_t bytes = 0;
  for (const auto& want : ask.wants) {
    const Item& item = batch_.items[want.item];
    bytes += item.event.payload.size() + item.event.subject.size() + item.event.source.size() + 256;
    asked.items.push_back(want.item);
    reaction::CallEvent event{want.item,
                              item.only.empty() ? reaction::EventKind::event : reaction::EventKind::timer,
                              want.judged,
                              item.event,
                              sender_name(item.sender, item.producer),
                              item.admitted.facts.person,
                              item.timer_key,
                              item.timer_due};
    event.event.subject = item.admitted.facts.subject;
    event.event.recordedtime = *batch_.recorded;
    asked.events.push_back(std::move(event));
    asked.memory.push_back(item.memory);
  }
  if (asked.events.size() > limits::inline_call_events || bytes > limits::inline_call_bytes)
    return fall_behind(line, 0);
  reacting_.asked += asked.events.size();
  call_plugin(line, std::move(asked), out);
}

std::string Core::sender_name(MemberNo sender, const ProducerId& producer) const {
  return sender == admission::operator_no && producer.is_zero() ? "hub" : members_->find(sender)->slug;
}

void Core::call_plugin(PluginLine& line, PluginLine::Outstanding asked, Actions& out) {
  asked.no = ++line.last_call;
  reaction::Call call{line.spec.id, asked.no, asked.now, asked.alone, asked.events, asked.memory};
  line.outstanding = std::move(asked);
  out.emplace_back(CallPlugin{std::move(call)});
}

void Core::on_plugin(PluginAnswered answered, TimeMs now, Actions& out) {
  const auto at = lines_.find(answered.result.plugin);
  if (at == lines_.end()) return;
  PluginLine& line = at->second;
  // Of a process that was ended, or of a batch that is no more.
  if (!line.outstanding || line.outstanding->no != answered.result.no) return;
  if (!line.outstanding->trailing) return inline_answer(line, std::move(answered.result), now, out);
  if (phase_ != Phase::open) {
    late_answers_.push_back(std::move(answered));
  } else {
    trailing_answer(line, std::move(answered.result), now, out);
  }
}

void Core::inline_answer(PluginLine& line, reaction::Result result, TimeMs now, Actions& out) {
  auto& asked = *line.outstanding;
  const std::size_t done = std::min(result.outcomes.size(), asked.events.size());
  for (std::size_t i = 0; i < done; ++i) {
    reaction::Outcome& outcome = result.outcomes[i];
    Item& item = batch_.items[asked.items[i]];
    if (asked.events[i].judged) {
      item.ruling = outcome.ruling;
      item.note = outcome.verdict;
      if (outcome.ruling == reaction::Ruling::hold) item.held_by = line.spec.id;
      if (outcome.ruling == reaction::Ruling::accept) keep_in_order(line, item);
      rounds_.rule(asked.items[i], item.ruling);
      if (outcome.ruling == reaction::Ruling::reject) continue;  // it never happened
    }
    keep(line, outcome, *item.admitted.type);
    applied_.push_back({asked.items[i], line.spec.id, std::move(outcome)});
  }
  const bool whole = result.failure == reaction::Failure::none && done == asked.events.size();
  const bool stopped = result.failure == reaction::Failure::stopped;
  line.outstanding.reset();
  if (whole) {
    rounds_.answered(line.spec.id);
  } else {
    if (!stopped) note_failure(line, result, now, out);
    fall_behind(line, done);
  }
  ask_plugins(now, out);
}

/// What a judge lets go goes out in its order: nothing that it accepts now overtakes what it accepted late.
void Core::keep_in_order(const PluginLine& line, Item& item) {
  if (!batch_.more_to_let_out && batch_.let_out.empty()) return;
  item.ruling = reaction::Ruling::hold;
  item.held_by = line.spec.id;
  item.note = {"in_order", "gaat na wat eerder aangehouden is", "goes after what was held before it"};
  batch_.let_out.push_back(hold_key(line.spec.id, item.event.id));
}

/// It is no longer waited for. What it was to judge is held until it has: in the log, where it reads it.
void Core::fall_behind(PluginLine& line, std::size_t answered) {
  const auto wants = rounds_.leave(line.spec.id);
  for (std::size_t i = answered; i < wants.size(); ++i) {
    Item& item = batch_.items[wants[i].item];
    if (!line.falls_behind_at) line.falls_behind_at = wants[i].item;
    if (!wants[i].judged) continue;
    item.ruling = reaction::Ruling::hold;
    item.held_by = line.spec.id;
    item.note = late_note();
    rounds_.rule(wants[i].item, item.ruling);
  }
  ++counters_.fell_behind;
}

/// Reactors that are late are left behind; judges are waited for a little longer, as long as that is rare.
void Core::out_of_patience(TimeMs now, Actions& out) {
  if (phase_ != Phase::reacting) return;
  const std::int64_t since_ms = now.value() - patience_at_.value();
  patience_ms_ = std::min(limits::judge_patience_ms,
                          patience_ms_ + since_ms * limits::judge_patience_ms / limits::judge_patience_refill_ms);
  patience_at_ = now;
  for (const std::string& id : rounds_.busy()) {
    PluginLine& line = lines_.at(id);
    const bool judging = std::ranges::any_of(line.outstanding->events, [](const auto& e) { return e.judged; });
    if (judging && patience_ms_ >= limits::inline_wait_ms) {
      patience_ms_ -= limits::inline_wait_ms;
      continue;
    }
    out.emplace_back(
        LogLine{Level::warning, fmt::format("plugin {} is late: it follows the log until it keeps up", id)});
    fall_behind(line, 0);
  }
  ask_plugins(now, out);
}

/// Everybody has answered. What they said joins the batch in (event, plugin) order, and is the next round.
void Core::end_round(TimeMs now, Actions& out) {
  const std::size_t first_new = batch_.items.size();
  const std::vector<Applied> applied = std::exchange(applied_, {});
  std::vector<const Applied*> in_order;
  std::size_t emits = 0;
  for (const Applied& said : applied) {
    in_order.push_back(&said);
    emits += said.outcome.emits.size();
  }
  batch_.items.reserve(first_new + emits);
  std::ranges::stable_sort(in_order, [](const Applied* a, const Applied* b) {
    return std::tie(a->item, a->plugin) < std::tie(b->item, b->plugin);
  });
  for (std::size_t i = round_first_; i < first_new; ++i) {
    const Item& item = batch_.items[i];
    if (item.ruling != reaction::Ruling::reject || !item.producer.is_zero()) continue;
    ++counters_.refused;
    ++counters_.refusals[Errc::rejected_by_rule];
    tell_maker(cause_of(item), item.note.code);
  }
  for (const Applied* said : in_order) {
    speak(lines_.at(said->plugin), cause_of(batch_.items[said->item]), said->outcome);
  }
  if (batch_.items.size() > first_new) return begin_round(first_new, now, out);
  phase_ = Phase::open;
  commit_batch(now, out);
}

Core::Cause Core::cause_of(const Item& item) {
  return {item.event, item.memory, std::string(item.admitted.facts.person), item.admitted.type};
}

/// State and timers, which the plugin itself may read at once.
void Core::keep(PluginLine& line, const reaction::Outcome& outcome, const schema::EventType& cause) {
  line.wrote = line.wrote || !outcome.state.empty();
  for (const auto& change : outcome.state) put_state(line.spec.id, change, cause);
  for (const auto& change : outcome.timers) {
    log::TimerRow row{line.spec.id, change.key, change.due, PersonKeyNo()};
    if (!change.person.empty() && change.due) {
      const auto key = keys_.get_or_create(change.person, cause.retention_months);
      if (!key) {
        key_fault_ = key.error();
        return;
      }
      row.person_key = key->no;
    }
    batch_.timers.push_back(std::move(row));
  }
}

/// What others hear of it: events, explanations, its word on what it holds.
void Core::speak(PluginLine& line, const Cause& cause, const reaction::Outcome& outcome) {
  if (!outcome.notes.empty() || outcome.ruling != reaction::Ruling::accept) explain_rule(line, cause, outcome);
  std::uint32_t ordinal = 0;
  for (const auto& emit : outcome.emits) apply_emit(line, cause, emit, ordinal++);
  for (const auto& word : outcome.held) on_held_word(line, cause, word);
}

/// An emitted event joins the batch under a derived id: a replay cannot double it.
void Core::apply_emit(PluginLine& line, const Cause& cause, const reaction::Emit& emit, std::uint32_t ordinal) {
  const auto refuse = [&](Errc code) { refuse_emit(line.spec.id, cause, emit, code, ordinal); };
  const Errc refused = reaction::refusal_of(line.spec, registry_, emit, cause.event.hop);
  if (refused != Errc::ok) return refuse(refused);
  const std::size_t follow =
      following_.one_more(cause.event.correlationid.is_zero() ? cause.event.id : cause.event.correlationid);
  if (follow == limits::fan_out + 1) return refuse(Errc::fan_out_limit);  // told once; a storm of refusals is one, too
  if (follow > limits::fan_out) {
    ++counters_.refused;
    ++counters_.refusals[Errc::fan_out_limit];
    return;
  }
  join(derived_item(cause, line.spec.id, ordinal, *registry_.find(emit.type), emit.payload));
}

/// What a plugin wanted to say and may not becomes hub.refused; the event that it answered stands. The refusal of an
/// answer to a refusal is a row of the audit only, or two would go on for ever.
void Core::refuse_emit(const std::string& plugin, const Cause& cause, const reaction::Emit& what, Errc code,
                       std::uint32_t ordinal) {
  ++counters_.refused;
  ++counters_.refusals[code];
  if (cause.event.type == reaction::refused_type) {
    batch_.audit.push_back(
        {last_recorded_, admission::operator_no, "hub.refused",
         fmt::format("plugin {} on {}: {}", plugin, to_string(cause.event.id), reason_of(what.type, code))});
    return;
  }
  boost::json::object payload = refused_payload(cause.event.id, code, plugin, what.type);
  const schema::EventType* type = registry_.find(what.type);
  if (type != nullptr && registry_.verify(*type, what.payload)) {
    payload["refused_type"] = what.type;
    payload["refused_subject"] = registry_.facts(*type, what.payload).subject;
  }
  join(hub_item(cause, reaction::refused_type, payload, "hub/" + plugin, ordinal));
}

/// An event that a plugin made is refused by its judge. No member waits for an answer to it: the plugin hears of it,
/// and the operator. Of the judge's note only the code: its words may be about a person.
void Core::tell_maker(const Cause& refused, std::string_view judge_code) {
  const std::string maker(reaction::maker_of(refused.event.source, config_.hub_oin));
  if (maker.empty()) return;  // the hub's own word
  boost::json::object payload =
      refused_payload(refused.event.causationid, Errc::rejected_by_rule, maker, refused.event.type);
  payload["refused_type"] = refused.event.type;
  payload["refused_subject"] = registry_.facts(*refused.type, refused.event.payload).subject;
  payload["judge_code"] = judge_code;
  if (const std::string* judge = concerns_.judge(refused.event.type)) payload["judge"] = *judge;
  Cause answered = refused;
  answered.event.id = refused.event.causationid;  // what was refused may be in no log
  join(hub_item(answered, reaction::refused_type, payload, fmt::format("hub/{}/{}", maker, to_string(refused.event.id)),
                0));
}

/// The rule's own words on an event, kept beside it.
void Core::explain_rule(PluginLine& line, const Cause& cause, const reaction::Outcome& outcome) {
  boost::json::array notes;
  const auto add = [&](const reaction::Note& note) {
    notes.push_back({{"code", note.code}, {"text_nl", note.nl}, {"text_en", note.en}});
  };
  if (outcome.ruling != reaction::Ruling::accept) add(outcome.verdict);
  for (const auto& note : outcome.notes) add(note);
  boost::json::object payload{{"event_id", to_string(cause.event.id)}, {"plugin", line.spec.id}, {"notes", notes}};
  if (outcome.ruling == reaction::Ruling::hold) payload["verdict"] = "hold";
  Item item = hub_item(cause, reaction::explained_type, payload, "hub/explain/" + line.spec.id, 0);
  item.record_only = true;
  item.retention_months = cause.type->retention_months;
  item.owner = cause.person;
  join(std::move(item));
}

/// A plugin lets out, or refuses, what it holds.
void Core::on_held_word(PluginLine& line, const Cause& cause, const reaction::HeldWord& word) {
  const schema::GateKey key = hold_key(line.spec.id, word.event);
  const log::HeldRow* row = gates_.held_by(key);
  const auto item = std::ranges::find_if(
      batch_.items, [&](const Item& i) { return i.event.id == word.event && i.held_by == line.spec.id; });
  if (row == nullptr && item == batch_.items.end())
    return refuse_emit(line.spec.id, cause, {to_string(word.event), {}}, Errc::not_found, 1'000);
  if (word.release) {
    batch_.let_out.push_back(key);
    return;
  }
  const MemberNo sender = row != nullptr ? row->sender : item->sender;
  refuse_held(line.spec.id, cause, word.event, sender, Errc::rejected_by_rule, word.note);
}

void Core::refuse_held(const std::string& plugin, const Cause& cause, const EventId& held, MemberNo sender, Errc code,
                       const reaction::Note& note) {
  ++counters_.refused;
  ++counters_.refusals[code];
  batch_.dropped.push_back(hold_key(plugin, held));
  boost::json::object payload{
      {"event_id", to_string(held)},
      {"member", members_->find(sender)->slug},
      {"plugin", plugin},
      {"code", static_cast<int>(code)},
      {"note", boost::json::object{{"code", note.code}, {"text_nl", note.nl}, {"text_en", note.en}}}};
  Cause about = cause;
  about.event.id = held;
  join(hub_item(about, reaction::held_refused_type, payload, "hub/refuse/" + plugin, 0));
}

schema::GateKey Core::hold_key(std::string_view plugin, const EventId& held) {
  ByteWriter bytes;
  bytes.text16("held by a rule");
  bytes.text16(plugin);
  bytes.bytes(held.b);
  const Hash hash = sha256(bytes.view());
  schema::GateKey key;
  std::copy_n(hash.begin(), key.size(), key.begin());
  return key;
}

void Core::join(Item item) {
  batch_.bytes += item.event.payload.size() + 256;
  batch_.items.push_back(std::move(item));
}

/// An event of the hub's own about a cause.
Core::Item Core::hub_item(const Cause& cause, std::string_view type_name, const boost::json::object& payload,
                          const std::string& maker, std::uint32_t ordinal) {
  const schema::EventType* type = registry_.find(type_name);
  IRO_ASSERT(type != nullptr, "hub.fbs has it");
  auto made = registry_.from_json(*type, boost::json::serialize(payload));
  IRO_ASSERT(made.has_value(), "an object of its fields");
  return derived_item(cause, maker, ordinal, *type, std::move(*made));
}

Core::Item Core::derived_item(const Cause& cause, const std::string& maker, std::uint32_t ordinal,
                              const schema::EventType& type, Bytes payload) {
  auto made = reaction::following_event(maker, config_.hub_oin, cause.event, ordinal, type, std::move(payload));
  Item item;
  item.event = schema::view_of(*made);
  item.memory = std::shared_ptr<const Bytes>(made, &made->payload);
  item.sender = admission::operator_no;
  item.admitted = {&type, registry_.facts(type, item.event.payload), std::nullopt};
  return item;
}

/// What the plugin asks for is in the log, or in the open batch.
void Core::on_state_ask(reaction::StateAsk ask, Actions& out) {
  ReadPluginState read{std::move(ask), {}};
  if (const auto own = batch_.plugin_state.find(read.ask.plugin); own != batch_.plugin_state.end()) {
    const Bytes& key = read.ask.key;
    for (auto at = own->second.lower_bound(key); at != own->second.end(); ++at) {
      const bool fits = read.ask.prefix
                            ? at->first.size() >= key.size() && std::equal(key.begin(), key.end(), at->first.begin())
                            : at->first == key;
      if (!fits) break;
      read.changed.emplace(at->first, at->second.clear);
    }
  }
  out.emplace_back(std::move(read));
}

}  // namespace iro::core

#include "plugins/host/effects.hpp"

#include "hub/base/limits.hpp"
#include "hub/reaction/child_messages.hpp"
#include "hub/schema/utf8.hpp"

namespace iro::host {

using reaction::Ruling;
using reaction::child::cost_of;

namespace {

iro_status check_key(std::string_view key) {
  if (key.empty()) return IRO_INVALID;
  return key.size() > limits::plugin_key_bytes ? IRO_LIMIT : IRO_OK;
}

}  // namespace

bool Effects::charge(std::size_t more, std::size_t instead) {
  if (cost_ - instead + more > limits::plugin_effect_bytes) return false;
  cost_ = cost_ - instead + more;
  return true;
}

iro_status Effects::write(std::string_view key, reaction::StateChange change) {
  const auto at = state_.find(key);
  if (!charge(cost_of(change), at == state_.end() ? 0 : cost_of(at->second))) return IRO_LIMIT;
  state_.insert_or_assign(std::string(key), std::move(change));
  return IRO_OK;
}

iro_status Effects::put(std::string_view key, ByteView value, std::string_view person) {
  if (const iro_status bad = check_key(key); bad != IRO_OK) return bad;
  if (value.size() > limits::plugin_value_bytes) return IRO_LIMIT;
  if (!reaction::child::is_person(person)) return IRO_INVALID;
  return write(key, {to_bytes(key), to_bytes(value), std::string(person)});
}

iro_status Effects::remove(std::string_view key) {
  if (const iro_status bad = check_key(key); bad != IRO_OK) return bad;
  return write(key, {to_bytes(key), std::nullopt, {}});
}

iro_status Effects::emit(std::string_view type, Bytes payload) {
  if (out_.emits.size() >= limits::plugin_emits || payload.size() > limits::payload_bytes) return IRO_LIMIT;
  reaction::Emit emit{std::string(type), std::move(payload)};
  if (!charge(cost_of(emit))) return IRO_LIMIT;
  out_.emits.push_back(std::move(emit));
  return IRO_OK;
}

iro_status Effects::move_timer(std::string_view key, reaction::TimerChange change) {
  const auto at = timers_.find(key);
  if (at == timers_.end() && timers_.size() >= limits::plugin_timers) return IRO_LIMIT;
  if (!charge(cost_of(change), at == timers_.end() ? 0 : cost_of(at->second))) return IRO_LIMIT;
  timers_.insert_or_assign(std::string(key), std::move(change));
  return IRO_OK;
}

iro_status Effects::set_timer(std::string_view key, std::int64_t due_ms, std::string_view person) {
  if (const iro_status bad = check_key(key); bad != IRO_OK) return bad;
  if (due_ms <= 0 || !reaction::child::is_person(person)) return IRO_INVALID;
  return move_timer(key, {to_bytes(key), TimeMs(due_ms), std::string(person)});
}

iro_status Effects::cancel_timer(std::string_view key) {
  if (const iro_status bad = check_key(key); bad != IRO_OK) return bad;
  return move_timer(key, {to_bytes(key), std::nullopt, {}});
}

iro_status Effects::check(const reaction::Note& note, bool reason) const {
  if (note.nl.size() > limits::plugin_note_bytes || note.en.size() > limits::plugin_note_bytes) return IRO_LIMIT;
  // People read both, so neither is empty.
  if (note.nl.empty() || note.en.empty() || !schema::is_utf8(note.nl) || !schema::is_utf8(note.en)) return IRO_INVALID;
  return reason && !reaction::child::is_code(note.code) ? IRO_INVALID : IRO_OK;
}

iro_status Effects::rule(Ruling ruling, reaction::Note note) {
  if (const iro_status bad = check(note, true); bad != IRO_OK) return bad;
  const bool again = out_.ruling != Ruling::accept;
  if (!again && notes_ >= limits::plugin_notes) return IRO_LIMIT;
  if (!charge(cost_of(note), again ? cost_of(out_.verdict) : 0)) return IRO_LIMIT;
  notes_ += again ? 0 : 1;
  out_.ruling = ruling;
  out_.verdict = std::move(note);
  return IRO_OK;
}

iro_status Effects::hold_word(reaction::HeldWord word) {
  if (!word.release) {
    if (const iro_status bad = check(word.note, true); bad != IRO_OK) return bad;
    if (notes_ >= limits::plugin_notes) return IRO_LIMIT;
  }
  if (out_.held.size() >= limits::plugin_held_words || !charge(cost_of(word))) return IRO_LIMIT;
  notes_ += word.release ? 0 : 1;
  out_.held.push_back(std::move(word));
  return IRO_OK;
}

iro_status Effects::explain(reaction::Note note) {
  if (const iro_status bad = check(note, false); bad != IRO_OK) return bad;
  if (notes_ >= limits::plugin_notes || !charge(cost_of(note))) return IRO_LIMIT;
  ++notes_;
  out_.notes.push_back(std::move(note));
  return IRO_OK;
}

reaction::Outcome Effects::take() {
  if (out_.ruling == Ruling::reject) {
    reaction::Outcome rejected;
    rejected.item = out_.item;
    rejected.ruling = Ruling::reject;
    rejected.verdict = std::move(out_.verdict);
    return rejected;
  }
  out_.state.reserve(state_.size());
  for (auto& [key, change] : state_) out_.state.push_back(std::move(change));
  for (auto& [key, change] : timers_) out_.timers.push_back(std::move(change));
  return std::move(out_);
}

}  // namespace iro::host

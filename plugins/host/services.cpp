#include "plugins/host/services.hpp"

#include <algorithm>
#include <cstring>

#include "hub/base/limits.hpp"
#include "hub/schema/utf8.hpp"

namespace iro::host {
namespace {

using reaction::Note;
using reaction::Ruling;

thread_local Handling* current = nullptr;

/// What a service is asked about, or null when the call is not the one being handled.
Handling* handled(const iro_call* call) {
  return call != nullptr && current != nullptr && current->call == call ? current : nullptr;
}

/// What the plugin gave, checked before anything of it is read.
bool readable(iro_bytes b) { return b.data != nullptr || b.size == 0; }
bool readable(iro_text t) { return t.data != nullptr || t.size == 0; }
std::string_view text(iro_text t) { return t.size == 0 ? std::string_view() : std::string_view(t.data, t.size); }
std::string_view key_of(iro_bytes b) {
  return b.size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(b.data), b.size);
}
ByteView view(iro_bytes b) {
  return b.size == 0 ? ByteView() : ByteView(static_cast<const std::uint8_t*>(b.data), b.size);
}
iro_bytes bytes_of(ByteView b) { return {b.data(), b.size()}; }

/// An IRO_LIMIT before anything that size is copied.
bool sane(iro_text t) { return t.size <= limits::plugin_effect_bytes; }

// ------------------------------------------------------------ iro.host.state/1

iro_status state_get(iro_call* call, iro_bytes key, iro_bytes* value) noexcept {
  Handling* h = handled(call);
  if (h == nullptr || value == nullptr || !readable(key) || key.size == 0) return IRO_INVALID;
  if (key.size > limits::plugin_key_bytes) return IRO_LIMIT;
  const std::string_view name = key_of(key);
  const Bytes* found = nullptr;
  const auto written = h->effects == nullptr ? Effects::State::const_iterator{} : h->effects->state().find(name);
  if (h->effects != nullptr && written != h->effects->state().end()) {
    found = written->second.value ? &*written->second.value : nullptr;
  } else {
    found = h->instance.look_up(name);
  }
  if (found == nullptr) return IRO_NOT_FOUND;
  *value = bytes_of(h->instance.keep(*found));
  return IRO_OK;
}

/// The rows of the cache and, above them, what this event wrote: copies, for the visitor may write.
std::vector<std::pair<ByteView, ByteView>> merged(Handling& h, std::string_view prefix) {
  std::vector<std::pair<ByteView, ByteView>> out;
  const auto keep = [&](std::string_view key, const Bytes& value) {
    out.emplace_back(h.instance.keep(as_bytes(key)), h.instance.keep(value));
  };
  const StateCache::Rows rows = h.instance.cache().rows(prefix);
  auto row = rows.begin();
  if (h.effects != nullptr) {
    const Effects::State& own = h.effects->state();
    for (auto at = own.lower_bound(prefix); at != own.end() && at->first.starts_with(prefix); ++at) {
      for (; row != rows.end() && row->first < at->first; ++row) keep(row->first, *row->second);
      if (row != rows.end() && row->first == at->first) ++row;
      if (at->second.value) keep(at->first, *at->second.value);
    }
  }
  for (; row != rows.end(); ++row) keep(row->first, *row->second);
  return out;
}

iro_status state_each(iro_call* call, iro_bytes prefix, iro_state_visitor visitor, void* context) {
  Handling* h = handled(call);
  if (h == nullptr || visitor == nullptr || !readable(prefix)) return IRO_INVALID;
  if (prefix.size > limits::plugin_key_bytes) return IRO_LIMIT;
  h->instance.look_up_all(key_of(prefix));
  for (const auto& [key, value] : merged(*h, key_of(prefix))) {
    if (visitor(context, bytes_of(key), bytes_of(value)) != 0) return IRO_STOPPED;
  }
  return IRO_OK;
}

/// What writes: possible on an event, not in a view.
template <typename Write>
iro_status writing(iro_call* call, bool arguments, Write&& write) {
  Handling* h = handled(call);
  if (h == nullptr || !arguments) return IRO_INVALID;
  if (h->effects == nullptr) return IRO_DENIED;
  return write(*h);
}

iro_status state_put(iro_call* call, iro_bytes key, iro_bytes value, iro_text person) noexcept {
  return writing(call, readable(key) && readable(value) && readable(person),
                 [&](Handling& h) { return h.effects->put(key_of(key), view(value), text(person)); });
}

iro_status state_remove(iro_call* call, iro_bytes key) noexcept {
  return writing(call, readable(key), [&](Handling& h) { return h.effects->remove(key_of(key)); });
}

// ------------------------------------------------------------ iro.host.emit/1

iro_status emit(iro_call* call, iro_text type, iro_bytes payload) noexcept {
  return writing(call, readable(type) && readable(payload), [&](Handling& h) -> iro_status {
    const auto& may = h.instance.options().emits;
    if (std::ranges::find(may, text(type)) == may.end()) return IRO_DENIED;
    const schema::EventType* known = h.instance.registry().find(text(type));
    if (known == nullptr) return IRO_INVALID;
    if (payload.size > limits::payload_bytes) return IRO_LIMIT;
    Bytes copy = to_bytes(view(payload));  // aligned, whatever the plugin's was
    if (!h.instance.registry().verify(*known, copy)) return IRO_INVALID;
    return h.effects->emit(text(type), std::move(copy));
  });
}

// ------------------------------------------------------------ iro.host.timer/1

iro_status timer_set(iro_call* call, iro_bytes key, int64_t due_ms, iro_text person) noexcept {
  return writing(call, readable(key) && readable(person),
                 [&](Handling& h) { return h.effects->set_timer(key_of(key), due_ms, text(person)); });
}

iro_status timer_cancel(iro_call* call, iro_bytes key) noexcept {
  return writing(call, readable(key), [&](Handling& h) { return h.effects->cancel_timer(key_of(key)); });
}

// ------------------------------------------------------------ iro.host.verdict/1

iro_status note_of(iro_text code, iro_text nl, iro_text en, Note& out) {
  if (!sane(code) || !sane(nl) || !sane(en)) return IRO_LIMIT;
  out = {std::string(text(code)), std::string(text(nl)), std::string(text(en))};
  return IRO_OK;
}

iro_status rule(iro_call* call, Ruling ruling, iro_text code, iro_text nl, iro_text en) {
  return writing(call, readable(code) && readable(nl) && readable(en), [&](Handling& h) -> iro_status {
    if (!h.judged) return IRO_DENIED;
    Note note;
    if (const iro_status bad = note_of(code, nl, en, note); bad != IRO_OK) return bad;
    return h.effects->rule(ruling, std::move(note));
  });
}

iro_status verdict_reject(iro_call* call, iro_text code, iro_text nl, iro_text en) noexcept {
  return rule(call, Ruling::reject, code, nl, en);
}

iro_status verdict_hold(iro_call* call, iro_text code, iro_text nl, iro_text en) noexcept {
  return rule(call, Ruling::hold, code, nl, en);
}

EventId id_of(iro_id id) {
  EventId out;
  std::memcpy(out.b.data(), id.b, out.b.size());
  return out;
}

iro_status verdict_release(iro_call* call, iro_id held) noexcept {
  return writing(call, true, [&](Handling& h) -> iro_status {
    if (!h.instance.options().judge) return IRO_DENIED;
    return h.effects->hold_word({id_of(held), true, {}});
  });
}

iro_status verdict_refuse(iro_call* call, iro_id held, iro_text code, iro_text nl, iro_text en) noexcept {
  return writing(call, readable(code) && readable(nl) && readable(en), [&](Handling& h) -> iro_status {
    if (!h.instance.options().judge) return IRO_DENIED;
    Note note;
    if (const iro_status bad = note_of(code, nl, en, note); bad != IRO_OK) return bad;
    return h.effects->hold_word({id_of(held), false, std::move(note)});
  });
}

// ------------------------------------------------------------ iro.host.explain/1

iro_status explain(iro_call* call, iro_text nl, iro_text en) noexcept {
  return writing(call, readable(nl) && readable(en), [&](Handling& h) -> iro_status {
    Note note;
    if (const iro_status bad = note_of({}, nl, en, note); bad != IRO_OK) return bad;
    return h.effects->explain(std::move(note));
  });
}

// ------------------------------------------------------------ iro.host.json/1

iro_status to_json(iro_call* call, iro_text type, iro_bytes payload, iro_text* json) noexcept {
  Handling* h = handled(call);
  if (h == nullptr || json == nullptr || !readable(type) || !readable(payload)) return IRO_INVALID;
  if (payload.size > limits::payload_bytes) return IRO_LIMIT;
  const schema::EventType* known = h->instance.registry().find(text(type));
  if (known == nullptr) return IRO_INVALID;
  const auto written = h->instance.registry().to_json(*known, h->instance.keep(view(payload)));
  if (!written) return IRO_INVALID;
  const std::string_view kept = as_text(h->instance.keep(as_bytes(*written)));
  *json = {kept.data(), kept.size()};
  return IRO_OK;
}

iro_status from_json(iro_call* call, iro_text type, iro_text json, iro_bytes* payload) noexcept {
  Handling* h = handled(call);
  if (h == nullptr || payload == nullptr || !readable(type) || !readable(json)) return IRO_INVALID;
  if (!sane(json)) return IRO_LIMIT;
  const schema::EventType* known = h->instance.registry().find(text(type));
  if (known == nullptr) return IRO_INVALID;
  const auto built = h->instance.registry().from_json(*known, text(json));
  if (!built) return IRO_INVALID;
  *payload = bytes_of(h->instance.keep(*built));
  return IRO_OK;
}

// ------------------------------------------------------------ iro.host.fault/1

/// Read by people on a terminal: no line breaks, nothing that moves a cursor.
iro_status fault(iro_call* call, iro_text what) noexcept {
  if (current == nullptr || current->call != call || !readable(what)) return IRO_INVALID;
  if (what.size > limits::plugin_note_bytes) return IRO_LIMIT;
  if (!schema::is_utf8(text(what))) return IRO_INVALID;
  current->fault = text(what);
  std::ranges::replace_if(
      current->fault, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return IRO_OK;
}

// ------------------------------------------------------------ iro.host.asker/1

iro_status asker_member(iro_call* call, iro_text* slug) noexcept {
  Handling* h = handled(call);
  if (h == nullptr || slug == nullptr) return IRO_INVALID;
  if (!h->asker) return IRO_DENIED;
  const std::string_view kept = as_text(h->instance.keep(as_bytes(*h->asker)));
  *slug = {kept.data(), kept.size()};
  return IRO_OK;
}

constexpr iro_host_state state_table{sizeof(iro_host_state), 0, state_get, state_each, state_put, state_remove};
constexpr iro_host_emit emit_table{sizeof(iro_host_emit), 0, emit};
constexpr iro_host_timer timer_table{sizeof(iro_host_timer), 0, timer_set, timer_cancel};
constexpr iro_host_verdict verdict_table{
    sizeof(iro_host_verdict), 0, verdict_reject, verdict_hold, verdict_release, verdict_refuse};
constexpr iro_host_explain explain_table{sizeof(iro_host_explain), 0, explain};
constexpr iro_host_json json_table{sizeof(iro_host_json), 0, to_json, from_json};
constexpr iro_host_fault fault_table{sizeof(iro_host_fault), 0, fault};
constexpr iro_host_asker asker_table{sizeof(iro_host_asker), 0, asker_member};

}  // namespace

HandlingScope::HandlingScope(Handling& handling) : before_(std::exchange(current, &handling)) {}
HandlingScope::~HandlingScope() { current = before_; }

const void* query_service(const char* service_id) {
  if (service_id == nullptr) return nullptr;
  const std::string_view id(service_id);
  if (id == IRO_HOST_STATE_1) return &state_table;
  if (id == IRO_HOST_EMIT_1) return &emit_table;
  if (id == IRO_HOST_TIMER_1) return &timer_table;
  if (id == IRO_HOST_VERDICT_1) return &verdict_table;
  if (id == IRO_HOST_EXPLAIN_1) return &explain_table;
  if (id == IRO_HOST_JSON_1) return &json_table;
  if (id == IRO_HOST_FAULT_1) return &fault_table;
  if (id == IRO_HOST_ASKER_1) return &asker_table;
  return nullptr;
}

}  // namespace iro::host

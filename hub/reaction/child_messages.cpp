#include "hub/reaction/child_messages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hub/base/assert.hpp"
#include "hub/base/limits.hpp"
#include "hub/schema/utf8.hpp"

namespace iro::reaction::child {
namespace {

// Of one build and one machine: may change with `protocol`.
enum class Kind : std::uint8_t {
  begin = 1,
  call = 2,
  state_page = 3,
  show = 4,
  ready = 16,
  failed = 17,
  outcomes = 18,
  call_done = 19,
  ask = 20,
  shown = 21,
  log_line = 22,
  last_word = 23,
};

constexpr std::size_t why_bytes = 1'024;

void put(ByteWriter& out, Kind kind) { out.u8(static_cast<std::uint8_t>(kind)); }
void put(ByteWriter& out, TimeMs time) { out.u64(static_cast<std::uint64_t>(time.value())); }
void put(ByteWriter& out, const EventId& id) { out.bytes(id.b); }
void put_text32(ByteWriter& out, std::string_view text) { out.blob32(as_bytes(text)); }
void put_key(ByteWriter& out, ByteView key) { out.text16(as_text(key)); }
void put_why(ByteWriter& out, std::string_view why) { out.text16(why.substr(0, why_bytes)); }
void put(ByteWriter& out, const Note& note) {
  out.text16(note.code);
  out.text16(note.nl);
  out.text16(note.en);
}
void pad(ByteWriter& out) {
  while (out.size() % payload_alignment != 0) out.u8(0);
}

TimeMs get_time(ByteReader& in) { return TimeMs(static_cast<std::int64_t>(in.u64())); }
EventId get_id(ByteReader& in) {
  EventId id;
  const ByteView bytes = in.bytes(id.b.size());
  if (bytes.size() == id.b.size()) std::ranges::copy(bytes, id.b.begin());
  return id;
}
std::string get_text(ByteReader& in) { return std::string(in.text16()); }
Bytes get_key(ByteReader& in) { return to_bytes(in.text16()); }
Note get_note(ByteReader& in) {
  Note note;
  note.code = get_text(in);
  note.nl = get_text(in);
  note.en = get_text(in);
  return note;
}
bool get_flag(ByteReader& in, bool& good) {
  const std::uint8_t value = in.u8();
  good = good && value <= 1;
  return value == 1;
}
/// How many follow: no more than can be there, each taking `least` bytes, so that a number alone reserves nothing.
std::uint32_t get_count(ByteReader& in, std::size_t least, bool& good) {
  const std::uint32_t count = in.u32();
  if (std::size_t{count} * least <= in.left()) return count;
  good = false;
  return 0;
}
bool skip_pad(ByteReader& in) {
  const std::size_t over = in.at() % payload_alignment;
  if (over == 0) return true;
  return std::ranges::all_of(in.bytes(payload_alignment - over), [](std::uint8_t b) { return b == 0; });
}

tl::unexpected<Error> unreadable() { return fail(Errc::frame_malformed, "a message that cannot be read"); }
tl::unexpected<Error> beyond(std::string_view what) {
  return fail(Errc::limit_reached, fmt::format("more than a plugin may: {}", what));
}

template <typename T>
iro::Result<FromHub> finish_hub(ByteReader& in, bool good, T&& value) {
  if (!in.ok() || in.left() != 0 || !good) return unreadable();
  return FromHub(std::forward<T>(value));
}
template <typename T>
iro::Result<FromChild> finish_child(ByteReader& in, bool good, T&& value) {
  if (!in.ok() || in.left() != 0 || !good) return unreadable();
  return FromChild(std::forward<T>(value));
}

void put(ByteWriter& out, const CallEvent& e) {
  out.u32(e.item);
  out.u8(static_cast<std::uint8_t>(e.kind));
  out.u8(e.judged ? 1 : 0);
  out.u16(e.event.revision);
  out.u8(e.event.hop);
  put(out, e.event.id);
  put(out, e.event.correlationid);
  put(out, e.event.causationid);
  put(out, e.event.time);
  put(out, e.due);
  out.text16(e.event.type);
  out.text16(e.event.source);
  out.text16(e.event.subject);
  out.text16(e.sender);
  out.text16(e.person);
  put_key(out, e.key);
  out.u32(static_cast<std::uint32_t>(e.event.payload.size()));
  pad(out);
  out.bytes(e.event.payload);
}
constexpr std::size_t least_event_bytes = 73;

EventIn get_event(ByteReader& in, bool& good) {
  EventIn e;
  e.item = in.u32();
  const std::uint8_t kind = in.u8();
  good = good && kind >= 1 && kind <= 3;
  e.kind = static_cast<EventKind>(kind);
  e.judged = get_flag(in, good);
  e.event.revision = in.u16();
  e.event.hop = in.u8();
  e.event.id = get_id(in);
  e.event.correlationid = get_id(in);
  e.event.causationid = get_id(in);
  e.event.time = get_time(in);
  e.due = get_time(in);
  e.event.type = in.text16();
  e.event.source = in.text16();
  e.event.subject = in.text16();
  e.sender = in.text16();
  e.person = in.text16();
  e.key = as_bytes(in.text16());
  const std::uint32_t size = in.u32();
  good = skip_pad(in) && good;
  e.event.payload = in.bytes(size);
  return e;
}

void put(ByteWriter& out, const Outcome& o) {
  out.u32(o.item);
  out.u8(static_cast<std::uint8_t>(o.ruling));
  if (o.ruling != Ruling::accept) put(out, o.verdict);
  out.u8(static_cast<std::uint8_t>(o.notes.size()));
  for (const Note& note : o.notes) put(out, note);
  out.u8(static_cast<std::uint8_t>(o.emits.size()));
  for (const Emit& emit : o.emits) {
    out.text16(emit.type);
    out.blob32(emit.payload);
  }
  out.u32(static_cast<std::uint32_t>(o.state.size()));
  for (const StateChange& change : o.state) {
    put_key(out, change.key);
    out.text16(change.person);
    out.u8(change.value ? 1 : 0);
    if (change.value) out.blob32(*change.value);
  }
  out.u8(static_cast<std::uint8_t>(o.timers.size()));
  for (const TimerChange& change : o.timers) {
    put_key(out, change.key);
    out.text16(change.person);
    out.u8(change.due ? 1 : 0);
    if (change.due) put(out, *change.due);
  }
  out.u8(static_cast<std::uint8_t>(o.held.size()));
  for (const HeldWord& word : o.held) {
    put(out, word.event);
    out.u8(word.release ? 1 : 0);
    if (!word.release) put(out, word.note);
  }
}
constexpr std::size_t least_outcome_bytes = 13;

Outcome get_outcome(ByteReader& in, bool& good) {
  Outcome o;
  o.item = in.u32();
  const std::uint8_t ruling = in.u8();
  good = good && ruling <= 2;
  o.ruling = static_cast<Ruling>(ruling);
  if (o.ruling != Ruling::accept) o.verdict = get_note(in);
  for (std::size_t n = in.u8(); n > 0 && in.ok(); --n) o.notes.push_back(get_note(in));
  for (std::size_t n = in.u8(); n > 0 && in.ok(); --n) {
    std::string type = get_text(in);
    o.emits.push_back({std::move(type), to_bytes(in.blob32())});
  }
  for (std::uint32_t n = get_count(in, 5, good); n > 0 && in.ok(); --n) {
    StateChange change;
    change.key = get_key(in);
    change.person = get_text(in);
    if (get_flag(in, good)) change.value = to_bytes(in.blob32());
    o.state.push_back(std::move(change));
  }
  for (std::size_t n = in.u8(); n > 0 && in.ok(); --n) {
    TimerChange change;
    change.key = get_key(in);
    change.person = get_text(in);
    if (get_flag(in, good)) change.due = get_time(in);
    o.timers.push_back(std::move(change));
  }
  for (std::size_t n = in.u8(); n > 0 && in.ok(); --n) {
    HeldWord word;
    word.event = get_id(in);
    word.release = get_flag(in, good);
    if (!word.release) word.note = get_note(in);
    o.held.push_back(std::move(word));
  }
  return o;
}

bool key_fits(ByteView key) { return !key.empty() && key.size() <= limits::plugin_key_bytes; }

Status check_note(const Note& note, bool reason) {
  if (note.nl.size() > limits::plugin_note_bytes || note.en.size() > limits::plugin_note_bytes)
    return beyond("the bytes of a note");
  if (!schema::is_utf8(note.nl) || !schema::is_utf8(note.en)) return fail(Errc::frame_malformed, "a note is no UTF-8");
  if (reason ? !is_code(note.code) : !note.code.empty()) return fail(Errc::frame_malformed, "a reason's code is none");
  return {};
}

}  // namespace

// ------------------------------------------------------------ encode

Bytes encode(const Begin& begin) {
  ByteWriter out;
  put(out, Kind::begin);
  out.u16(protocol);
  out.text16(begin.plugin);
  out.text16(begin.version);
  out.u16(begin.abi_major);
  out.u16(begin.abi_minor);
  out.text16(begin.object);
  out.bytes(begin.sha256);
  put_text32(out, begin.config);
  out.u8(begin.builtin_schemas ? 1 : 0);
  out.u32(static_cast<std::uint32_t>(begin.schemas.size()));
  for (const Bytes& schema : begin.schemas) out.blob32(schema);
  out.u32(static_cast<std::uint32_t>(begin.emits.size()));
  for (const std::string& type : begin.emits) out.text16(type);
  out.u8(begin.judge ? 1 : 0);
  out.u8(begin.log_denied ? 1 : 0);
  out.u32(begin.memory_mib);
  return out.take();
}

Bytes encode(const Call& call) {
  ByteWriter out;
  std::size_t size = 64;
  for (const CallEvent& e : call.events) {
    size += 256 + e.event.payload.size() + e.event.source.size() + e.event.subject.size();
  }
  out.reserve(size);
  put(out, Kind::call);
  out.u64(call.no);
  put(out, call.now);
  out.u32(static_cast<std::uint32_t>(call.events.size()));
  for (const CallEvent& e : call.events) put(out, e);
  return out.take();
}

Bytes encode(const Show& show) {
  ByteWriter out;
  put(out, Kind::show);
  out.u64(show.no);
  put(out, show.now);
  out.text16(show.view);
  put_text32(out, show.args);
  out.text16(show.asker);
  return out.take();
}

Bytes encode_page(const StateAnswer& answer, std::size_t& from) {
  ByteWriter out;
  put(out, Kind::state_page);
  out.u32(answer.request);
  const std::size_t last_at = out.size();
  out.u32(0);
  const std::size_t count_at = out.size();
  out.u32(0);
  std::uint32_t count = 0;
  while (from < answer.rows.size() && out.size() < limits::plugin_state_page_bytes) {
    const auto& [key, value] = answer.rows[from++];
    put_key(out, key);
    out.blob32(value);
    ++count;
  }
  out.patch_u32(last_at, from == answer.rows.size() ? 1 : 0);
  out.patch_u32(count_at, count);
  return out.take();
}

Bytes encode(const Ready&) { return {static_cast<std::uint8_t>(Kind::ready)}; }

Bytes encode(const Failed& failed) {
  ByteWriter out;
  put(out, Kind::failed);
  put_why(out, failed.why);
  return out.take();
}

Bytes encode(const CallDone& done) {
  ByteWriter out;
  put(out, Kind::call_done);
  out.u64(done.no);
  put_why(out, done.why);
  return out.take();
}

Bytes encode(const Ask& ask) {
  ByteWriter out;
  put(out, Kind::ask);
  out.u32(ask.request);
  out.u8(ask.prefix ? 1 : 0);
  put_key(out, ask.key);
  return out.take();
}

Bytes encode(const Shown& shown) {
  ByteWriter out;
  put(out, Kind::shown);
  out.u64(shown.no);
  out.u8(shown.good ? 1 : 0);
  put_text32(out, shown.text);
  return out.take();
}

Bytes encode(const LogLine& line) {
  ByteWriter out;
  put(out, Kind::log_line);
  put_why(out, line.text);
  return out.take();
}

std::array<std::uint8_t, 2> encode(LastWord word) {
  return {static_cast<std::uint8_t>(Kind::last_word), static_cast<std::uint8_t>(word)};
}

void OutcomePack::begin() {
  put(out_, Kind::outcomes);
  out_.u64(no_);
  out_.u32(0);  // patched: last
  out_.u32(0);  // patched: count
}

void OutcomePack::add(const Outcome& outcome) {
  if (count_ == 0) begin();
  put(out_, outcome);
  ++count_;
}

Bytes OutcomePack::take(bool last) {
  if (count_ == 0) begin();
  out_.patch_u32(1 + 8, last ? 1 : 0);
  out_.patch_u32(1 + 8 + 4, count_);
  count_ = 0;
  Bytes message = out_.take();
  out_ = ByteWriter();
  return message;
}

// ------------------------------------------------------------ decode

namespace {

iro::Result<FromHub> decode_begin(ByteReader& in) {
  bool good = true;
  Begin begin;
  if (in.u16() != protocol) {
    return fail(Errc::protocol_version, "the hub and iro-plugin-host are not of one version: install both again");
  }
  begin.plugin = get_text(in);
  begin.version = get_text(in);
  begin.abi_major = in.u16();
  begin.abi_minor = in.u16();
  begin.object = get_text(in);
  const ByteView hash = in.bytes(begin.sha256.size());
  if (hash.size() == begin.sha256.size()) std::ranges::copy(hash, begin.sha256.begin());
  begin.config = as_text(in.blob32());
  begin.builtin_schemas = get_flag(in, good);
  for (std::uint32_t n = get_count(in, 4, good); n > 0 && in.ok(); --n) begin.schemas.push_back(to_bytes(in.blob32()));
  for (std::uint32_t n = get_count(in, 2, good); n > 0 && in.ok(); --n) begin.emits.push_back(get_text(in));
  begin.judge = get_flag(in, good);
  begin.log_denied = get_flag(in, good);
  begin.memory_mib = in.u32();
  return finish_hub(in, good, std::move(begin));
}

iro::Result<FromHub> decode_call(ByteReader& in) {
  bool good = true;
  CallIn call;
  call.no = in.u64();
  call.now = get_time(in);
  const std::uint32_t count = get_count(in, least_event_bytes, good);
  call.events.reserve(count);
  for (std::uint32_t n = count; n > 0 && in.ok(); --n) call.events.push_back(get_event(in, good));
  return finish_hub(in, good, std::move(call));
}

iro::Result<FromHub> decode_page(ByteReader& in) {
  bool good = true;
  StatePage page;
  page.request = in.u32();
  const std::uint32_t last = in.u32();
  good = last <= 1;
  page.last = last == 1;
  for (std::uint32_t n = get_count(in, 6, good); n > 0 && in.ok(); --n) {
    const ByteView key = as_bytes(in.text16());
    page.rows.emplace_back(key, in.blob32());
  }
  return finish_hub(in, good, std::move(page));
}

iro::Result<FromHub> decode_show(ByteReader& in) {
  Show show;
  show.no = in.u64();
  show.now = get_time(in);
  show.view = in.text16();
  show.args = as_text(in.blob32());
  show.asker = in.text16();
  return finish_hub(in, true, show);
}

iro::Result<FromChild> decode_outcomes(ByteReader& in) {
  bool good = true;
  Outcomes out;
  out.no = in.u64();
  const std::uint32_t last = in.u32();
  good = last <= 1;
  out.last = last == 1;
  for (std::uint32_t n = get_count(in, least_outcome_bytes, good); n > 0 && in.ok() && good; --n) {
    Outcome outcome = get_outcome(in, good);
    if (!in.ok() || !good) return unreadable();
    if (const auto fits = check(outcome); !fits) return fail(fits.error());
    out.outcomes.push_back(std::move(outcome));
  }
  return finish_child(in, good, std::move(out));
}

/// A text for people: the log is UTF-8, whatever the child sent.
iro::Result<std::string_view> get_why(ByteReader& in) {
  const std::string_view why = in.text16();
  if (why.size() > why_bytes) return beyond("the bytes of a text");
  if (!schema::is_utf8(why)) return fail(Errc::frame_malformed, "a text is no UTF-8");
  return why;
}

iro::Result<FromChild> decode_done(ByteReader& in) {
  CallDone done;
  done.no = in.u64();
  const auto why = get_why(in);
  if (!why) return fail(why.error());
  done.why = *why;
  return finish_child(in, true, done);
}

iro::Result<FromChild> decode_ask(ByteReader& in) {
  bool good = true;
  Ask ask;
  ask.request = in.u32();
  ask.prefix = get_flag(in, good);
  ask.key = as_bytes(in.text16());
  if (in.ok() && (ask.key.size() > limits::plugin_key_bytes || (!ask.prefix && ask.key.empty())))
    return beyond("the bytes of a key");
  return finish_child(in, good, ask);
}

iro::Result<FromChild> decode_shown(ByteReader& in) {
  bool good = true;
  Shown shown;
  shown.no = in.u64();
  shown.good = get_flag(in, good);
  shown.text = as_text(in.blob32());
  if (shown.text.size() > limits::plugin_view_bytes) return beyond("the bytes of a view");
  if (!schema::is_utf8(shown.text)) return fail(Errc::frame_malformed, "a view is no UTF-8");
  return finish_child(in, good, shown);
}

}  // namespace

iro::Result<FromHub> decode_from_hub(ByteView message) {
  ByteReader in(message);
  switch (static_cast<Kind>(in.u8())) {
    case Kind::begin:
      return decode_begin(in);
    case Kind::call:
      return decode_call(in);
    case Kind::state_page:
      return decode_page(in);
    case Kind::show:
      return decode_show(in);
    default:
      return unreadable();
  }
}

iro::Result<FromChild> decode_from_child(ByteView message) {
  ByteReader in(message);
  switch (static_cast<Kind>(in.u8())) {
    case Kind::ready:
      return finish_child(in, true, Ready{});
    case Kind::failed: {
      const auto why = get_why(in);
      if (!why) return fail(why.error());
      return finish_child(in, true, Failed{*why});
    }
    case Kind::outcomes:
      return decode_outcomes(in);
    case Kind::call_done:
      return decode_done(in);
    case Kind::ask:
      return decode_ask(in);
    case Kind::shown:
      return decode_shown(in);
    case Kind::log_line: {
      const auto text = get_why(in);
      if (!text) return fail(text.error());
      return finish_child(in, true, LogLine{*text});
    }
    case Kind::last_word: {
      const std::uint8_t word = in.u8();
      return finish_child(in, word >= 1 && word <= 3, static_cast<LastWord>(word));
    }
    default:
      return unreadable();
  }
}

// ------------------------------------------------------------ limits

std::size_t cost_of(const Note& note) {
  return limits::plugin_effect_cost + note.code.size() + note.nl.size() + note.en.size();
}
std::size_t cost_of(const Emit& emit) { return limits::plugin_effect_cost + emit.type.size() + emit.payload.size(); }
std::size_t cost_of(const StateChange& change) {
  return limits::plugin_effect_cost + change.key.size() + change.person.size() +
         (change.value ? change.value->size() : 0);
}
std::size_t cost_of(const TimerChange& change) {
  return limits::plugin_effect_cost + change.key.size() + change.person.size();
}
std::size_t cost_of(const HeldWord& word) {
  return limits::plugin_effect_cost + word.event.b.size() + (word.release ? 0 : cost_of(word.note));
}
std::size_t cost_of(const Outcome& outcome) {
  std::size_t sum = outcome.ruling == Ruling::accept ? 0 : cost_of(outcome.verdict);
  const auto add = [&](const auto& all) {
    for (const auto& one : all) sum += cost_of(one);
  };
  add(outcome.notes);
  add(outcome.emits);
  add(outcome.state);
  add(outcome.timers);
  add(outcome.held);
  return sum;
}

bool is_code(std::string_view code) {
  return !code.empty() && code.size() <= limits::plugin_code_bytes &&
         std::ranges::all_of(code, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_person(std::string_view person) {
  if (person.empty()) return true;
  return person.size() >= 8 && person.size() <= 64 && std::ranges::all_of(person, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

Status check(const Outcome& o) {
  const auto refusals = std::ranges::count(o.held, false, &HeldWord::release);
  const std::size_t notes = o.notes.size() + static_cast<std::size_t>(refusals) + (o.ruling != Ruling::accept ? 1 : 0);
  if (notes > limits::plugin_notes) return beyond("notes on one event");
  if (o.emits.size() > limits::plugin_emits) return beyond("events emitted on one event");
  if (o.timers.size() > limits::plugin_timers) return beyond("timers changed on one event");
  if (o.held.size() > limits::plugin_held_words) return beyond("releases and refusals on one event");
  if (cost_of(o) > limits::plugin_effect_bytes) return beyond("bytes of effects on one event");
  if (o.ruling != Ruling::accept) IRO_TRY(check_note(o.verdict, true), "verdict");
  for (const Note& note : o.notes) IRO_TRY(check_note(note, false), "explanation");
  for (const Emit& emit : o.emits) {
    if (emit.payload.size() > limits::payload_bytes) return beyond("bytes of a payload");
    if (emit.type.size() > limits::attribute_bytes) return beyond("bytes of a type");
  }
  for (const StateChange& change : o.state) {
    if (!key_fits(change.key)) return beyond("bytes of a key");
    if (change.value && change.value->size() > limits::plugin_value_bytes) return beyond("bytes of a value");
    if (!is_person(change.person)) return fail(Errc::frame_malformed, "a value's person is no pseudonym");
  }
  for (const TimerChange& change : o.timers) {
    if (!key_fits(change.key)) return beyond("bytes of a key");
    if (change.due && change.due->value() <= 0) return fail(Errc::frame_malformed, "a timer has no time");
    if (!is_person(change.person)) return fail(Errc::frame_malformed, "a timer's person is no pseudonym");
  }
  for (const HeldWord& word : o.held) {
    if (!word.release) IRO_TRY(check_note(word.note, true), "refusal");
  }
  const bool silent = o.notes.empty() && o.emits.empty() && o.state.empty() && o.timers.empty() && o.held.empty();
  if (o.ruling == Ruling::reject && !silent) return fail(Errc::frame_malformed, "a rejected event has effects");
  return {};
}

}  // namespace iro::reaction::child

// iro/call.hpp: what a rule is given for one event, and what it may do with it.
//
// Event, Timer and Erased are what is shown; Verdict is what a judge answers;
// Effects is all that a rule can do. Each is valid until the handler returns:
// keep values, never references. Whatever the host refuses is thrown as Failed.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "iro/event_traits.hpp"
#include "iro/failed.hpp"

namespace iro {
inline namespace sdk {

/// All times: UTC, in milliseconds. There is no clock but the event's.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
inline Time time_of(std::int64_t ms) { return Time(std::chrono::milliseconds(ms)); }

/// Fields with format "date" count days since 1970.
inline std::chrono::sys_days date_of(std::int32_t days) { return std::chrono::sys_days(std::chrono::days(days)); }
inline std::int32_t to_field(std::chrono::sys_days date) {
  return static_cast<std::int32_t>(date.time_since_epoch().count());
}

/// "2026-09-01": how a view gives a date.
inline std::string iso(std::chrono::sys_days date) {
  const std::chrono::year_month_day d(date);
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  std::string year = std::to_string(static_cast<int>(d.year()));
  year.insert(0, year.size() < 4 ? 4 - year.size() : 0, '0');
  return year + "-" + two(static_cast<unsigned>(d.month())) + "-" + two(static_cast<unsigned>(d.day()));
}

/// An event's id. Ordered, so that it can be a key.
struct Id {
  std::array<std::uint8_t, 16> b{};
  auto operator<=>(const Id&) const = default;
  [[nodiscard]] bool is_zero() const { return *this == Id{}; }
  void fields(auto& f) { f(b); }
};
inline std::string to_string(const Id& id) {
  std::string out;
  for (std::size_t i = 0; i < id.b.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += "0123456789abcdef"[id.b[i] >> 4];
    out += "0123456789abcdef"[id.b[i] & 15];
  }
  return out;
}

/// What people read, in both languages.
struct Text {
  std::string nl;
  std::string en;
  bool operator==(const Text&) const = default;
};

/// A rule's own permanent name for a reason, [a-z0-9_]{1,64}; a bad one does not compile.
class Code {
 public:
  template <std::size_t N>
  consteval Code(const char (&text)[N]) : text_(text, N - 1) {  // implicit, so that a literal can be given
    if (N < 2 || N > 65) throw "a code has 1 to 64 characters";
    for (const char c : text_) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) throw "a code is made of [a-z0-9_]";
    }
  }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// Words and whole numbers, joined: iro::words("at most ", 6, " weeks").
template <typename... Parts>
std::string words(const Parts&... parts) {
  std::string out;
  const auto add = [&out](const auto& part) {
    using Part = std::remove_cvref_t<decltype(part)>;
    if constexpr (std::is_integral_v<Part>) {
      static_assert(!std::is_same_v<Part, bool> && !std::is_same_v<Part, char>, "words and whole numbers");
      out += std::to_string(part);
    } else {
      out += std::string_view(part);
    }
  };
  (add(parts), ...);
  return out;
}

namespace detail {

inline iro_text text_of(std::string_view text) { return {text.data(), text.size()}; }
inline iro_bytes bytes_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view view_of(iro_text text) {
  return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}
inline std::string_view view_of(iro_bytes bytes) {
  return bytes.size == 0 ? std::string_view() : std::string_view(static_cast<const char*>(bytes.data), bytes.size);
}
inline Id id_of(const iro_id& id) {
  Id out;
  std::memcpy(out.b.data(), id.b, sizeof id.b);
  return out;
}
inline iro_id id_of(const Id& id) {
  iro_id out;
  std::memcpy(out.b, id.b.data(), sizeof out.b);
  return out;
}

/// The host's services; null where the host has none.
struct Services {
  const iro_host_state* state = nullptr;
  const iro_host_emit* emit = nullptr;
  const iro_host_timer* timer = nullptr;
  const iro_host_verdict* verdict = nullptr;
  const iro_host_explain* explain = nullptr;
  const iro_host_fault* fault = nullptr;
  const iro_host_asker* asker = nullptr;

  Services() = default;
  explicit Services(const iro_host& host)
      : state(find<iro_host_state>(host, IRO_HOST_STATE_1)),
        emit(find<iro_host_emit>(host, IRO_HOST_EMIT_1)),
        timer(find<iro_host_timer>(host, IRO_HOST_TIMER_1)),
        verdict(find<iro_host_verdict>(host, IRO_HOST_VERDICT_1)),
        explain(find<iro_host_explain>(host, IRO_HOST_EXPLAIN_1)),
        fault(find<iro_host_fault>(host, IRO_HOST_FAULT_1)),
        asker(find<iro_host_asker>(host, IRO_HOST_ASKER_1)) {}

 private:
  template <typename Table>
  static const Table* find(const iro_host& host, const char* id) {
    const auto* table = static_cast<const Table*>(host.query(id));
    return table != nullptr && table->size >= sizeof(Table) ? table : nullptr;
  }
};

template <typename Table>
const Table& need(const Table* table, const char* what) {
  if (table == nullptr) throw Failed(IRO_FAILED, std::string("this host has no ") + what);
  return *table;
}

/// Throws what the host refused; gives back the answers that are no errors.
inline iro_status check(iro_status status, const char* what) {
  if (status >= 0) return status;
  const char* why = status == IRO_INVALID  ? ": not valid"
                    : status == IRO_LIMIT  ? ": more than a limit of plugin.h allows"
                    : status == IRO_DENIED ? ": not declared in plugin.toml, or not possible here"
                                           : ": failed";
  throw Failed(status, std::string(what) + why);
}

struct Access;

}  // namespace detail

/// An event's envelope. The payload comes beside it, as the handler's first argument.
class Event {
 public:
  explicit Event(const iro_event& raw) : raw_(&raw) {}
  [[nodiscard]] Id id() const { return detail::id_of(raw_->id); }
  /// The case; zero: none.
  [[nodiscard]] Id correlation() const { return detail::id_of(raw_->correlation); }
  /// The event that it answers; zero: none.
  [[nodiscard]] Id causation() const { return detail::id_of(raw_->causation); }
  /// When the hub records it: the only clock there is.
  [[nodiscard]] Time now() const { return time_of(raw_->now_ms); }
  [[nodiscard]] std::chrono::sys_days today() const { return std::chrono::floor<std::chrono::days>(now()); }
  /// When the sender logged it.
  [[nodiscard]] Time time() const { return time_of(raw_->time_ms); }
  [[nodiscard]] std::string_view type() const { return detail::view_of(raw_->type); }
  [[nodiscard]] std::string_view source() const { return detail::view_of(raw_->source); }
  [[nodiscard]] std::string_view subject() const { return detail::view_of(raw_->subject); }
  /// The member's slug; "hub" for what the hub and plugins say.
  [[nodiscard]] std::string_view sender() const { return detail::view_of(raw_->sender); }
  /// The pseudonym that it is about; "": nobody.
  [[nodiscard]] std::string_view person() const { return detail::view_of(raw_->person); }
  [[nodiscard]] std::uint16_t revision() const { return raw_->revision; }
  [[nodiscard]] std::uint8_t hop() const { return raw_->hop; }
  /// Is this plugin asked for a verdict?
  [[nodiscard]] bool judged() const { return raw_->judged != 0; }

 protected:
  const iro_event* raw_;
};

/// Only in a replay: here was an event, and its content is gone. Type, id and times remain.
class Erased : public Event {
 public:
  using Event::Event;
};

/// An alarm (iro/state.hpp) that has rung.
class Timer {
 public:
  Timer(const iro_event& raw, std::string_view key) : raw_(&raw), key_(key) {}
  /// The key with which the alarm was set.
  [[nodiscard]] std::string_view key() const { return key_; }
  [[nodiscard]] Time now() const { return time_of(raw_->now_ms); }
  [[nodiscard]] std::chrono::sys_days today() const { return std::chrono::floor<std::chrono::days>(now()); }
  /// When it was to ring. `now` may be later: the hub may have been down.
  [[nodiscard]] Time due() const { return time_of(raw_->due_ms); }

 private:
  const iro_event* raw_;
  std::string_view key_;
};

/// A judge's answer. `Verdict` is returned, so that no judge forgets to give one.
class [[nodiscard]] Verdict {
 public:
  enum class Kind : std::uint8_t { accept, reject, hold };
  Verdict(Kind kind, std::string_view code, Text why) : kind_(kind), code_(code), why_(std::move(why)) {}
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::string_view code() const { return code_; }
  [[nodiscard]] const Text& why() const { return why_; }

 private:
  Kind kind_;
  std::string_view code_;
  Text why_;
};
inline Verdict accept() { return {Verdict::Kind::accept, {}, {}}; }
/// It never happened: this event's other effects are dropped, and the sender gets the reason.
inline Verdict reject(Code code, Text why) { return {Verdict::Kind::reject, code.text(), std::move(why)}; }
/// It waits, for nobody to see, until this plugin releases or refuses it, or it expires.
inline Verdict hold(Code code, Text why) { return {Verdict::Kind::hold, code.text(), std::move(why)}; }

/// What may only be read: the plugin's state (through State and PersonState) and the time.
class Look {
 public:
  Look(const detail::Services& services, iro_call* call, Time now) : services_(&services), call_(call), now_(now) {}
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;
  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] std::chrono::sys_days today() const { return std::chrono::floor<std::chrono::days>(now_); }

 protected:
  const detail::Services* services_;
  iro_call* call_;
  Time now_;
  friend struct detail::Access;
};

/// All that a rule can do. Written down here, committed with the event or not at all.
class Effects : public Look {
 public:
  Effects(const detail::Services& services, iro_call* call, Time now, std::string_view person)
      : Look(services, call, now), person_(person) {}

  /// The pseudonym that this call is about; "": nobody.
  [[nodiscard]] std::string_view person() const { return person_; }

  /// Say something: iro::events::HandoverCheckDueT due; due.handover_id = ...; effects.emit(due);
  /// Its type stands under `emits` in plugin.toml.
  template <typename Native>
  requires EventTable<typename Native::TableType>
  void emit(const Native& object) {
    flatbuffers::FlatBufferBuilder builder;
    emit(builder, Native::TableType::Pack(builder, &object));
  }
  /// The same with a builder of your own, which is finished here.
  template <EventTable Table>
  void emit(flatbuffers::FlatBufferBuilder& builder, flatbuffers::Offset<Table> table) {
    builder.Finish(table);
    const auto& service = detail::need(services_->emit, IRO_HOST_EMIT_1);
    const std::string_view type = EventTraits<Table>::type;
    detail::check(service.emit(call_, detail::text_of(type), {builder.GetBufferPointer(), builder.GetSize()}),
                  ("emit " + std::string(type)).c_str());
  }

  /// Why: kept beside the event, shown by `iro explain` to whoever may read the event in full, and to its sender. Say
  /// nothing here that they may not know.
  void explain(const Text& why) {
    need_both(why);
    const auto& service = detail::need(services_->explain, IRO_HOST_EXPLAIN_1);
    detail::check(service.explain(call_, detail::text_of(why.nl), detail::text_of(why.en)), "explain");
  }

  /// An event that this plugin holds goes on.
  void release(const Id& held) {
    const auto& service = detail::need(services_->verdict, IRO_HOST_VERDICT_1);
    detail::check(service.release(call_, detail::id_of(held)), "release");
  }
  /// An event that this plugin holds is refused after all.
  void refuse(const Id& held, Code code, const Text& why) {
    need_both(why);
    const auto& service = detail::need(services_->verdict, IRO_HOST_VERDICT_1);
    detail::check(service.refuse(call_, detail::id_of(held), detail::text_of(code.text()), detail::text_of(why.nl),
                                 detail::text_of(why.en)),
                  "refuse");
  }

 private:
  static void need_both(const Text& why) {
    if (why.nl.empty() || why.en.empty()) throw Failed(IRO_INVALID, "a reason is given in Dutch and in English");
  }
  void give(const Verdict& verdict) {
    if (verdict.kind() == Verdict::Kind::accept) return;
    need_both(verdict.why());
    const auto& service = detail::need(services_->verdict, IRO_HOST_VERDICT_1);
    const auto say = verdict.kind() == Verdict::Kind::reject ? service.reject : service.hold;
    detail::check(say(call_, detail::text_of(verdict.code()), detail::text_of(verdict.why().nl),
                      detail::text_of(verdict.why().en)),
                  "verdict");
  }

  std::string_view person_;
  friend struct detail::Access;
};

namespace detail {
/// For the layer's own parts: what a rule has no use for.
struct Access {
  static const Services& services(const Look& look) { return *look.services_; }
  static iro_call* call(const Look& look) { return look.call_; }
  static void give(Effects& effects, const Verdict& verdict) { effects.give(verdict); }
};
}  // namespace detail

}  // namespace sdk
}  // namespace iro

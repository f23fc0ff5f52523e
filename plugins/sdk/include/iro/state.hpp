// iro/state.hpp: what a rule remembers, and what wakes it.
//
//   iro::State<Seats> seats{"seats"};          // about things
//   iro::PersonState<Stay> stays{"stays"};     // about a person: gone when that person is erased
//   iro::Alarm reminder{"reminder"};
//
// They are names only: nothing is kept in the plugin's memory, everything in the
// hub's log, in the commit of the event that caused it. A name is permanent.
// Values are encoded by iro/archive.hpp. Keys are texts, ids and numbers; a key
// that carries the event's pseudonym is refused, for keys outlive an erasure.
#pragma once

#include <algorithm>
#include <concepts>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iro/archive.hpp"
#include "iro/call.hpp"

namespace iro {
inline namespace sdk {

/// A key within a State: one part, or several that go from the general to the particular: iro::key(provider, week).
class Key {
 public:
  template <typename Part>
  requires std::convertible_to<const Part&, std::string_view> || std::unsigned_integral<Part> || std::same_as<Part, Id>
  Key(const Part& part) {  // implicit, so that one part can be given as it is
    add(part);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

  template <typename Part>
  void add(const Part& part) {
    if (!text_.empty()) text_ += '/';
    if constexpr (std::is_same_v<Part, Id>) {
      text_ += to_string(part);
    } else if constexpr (std::is_integral_v<Part>) {
      static_assert(std::unsigned_integral<Part> && sizeof(Part) <= 4,
                    "a number in a key is unsigned, of 32 bits at most");
      std::string digits = std::to_string(part);  // of ten digits, so that the order of bytes is that of numbers
      text_.append(10 - digits.size(), '0').append(digits);
    } else {
      const std::string_view text(part);
      if (text.empty()) throw Failed(IRO_INVALID, "a part of a key is empty");
      for (const char c : text) {
        if (c == '/') {
          text_ += "%2F";
        } else if (c == '%') {
          text_ += "%25";
        } else {
          text_ += c;
        }
      }
    }
  }

 private:
  std::string text_;
};
template <typename First, typename... Rest>
Key key(const First& first, const Rest&... rest) {
  Key out(first);
  (out.add(rest), ...);
  return out;
}

namespace detail {

/// A name in the plugin's key space; a bad one does not compile.
class Name {
 public:
  template <std::size_t N>
  consteval Name(const char (&text)[N]) : text_(text, N - 1) {
    if (N < 2 || N > 41) throw "a name has 1 to 40 characters";
    for (const char c : text_) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.')) {
        throw "a name is made of [a-z0-9_.]";
      }
    }
  }
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::string prefix() const { return std::string(text_) + '/'; }
  [[nodiscard]] std::string full(const Key& key) const { return prefix() + key.text(); }

 private:
  std::string_view text_;
};

inline void check_key(const Effects& effects, std::string_view key, std::string_view person) {
  for (const std::string_view pseudonym : {effects.person(), person}) {
    if (!pseudonym.empty() && key.find(pseudonym) != std::string_view::npos) {
      throw Failed(IRO_INVALID, "a key carries a pseudonym: it would outlive the person's erasure");
    }
  }
}

template <typename T>
class StateBase {
 public:
  consteval explicit StateBase(Name name) : name_(name) {}
  [[nodiscard]] std::string_view name() const { return name_.text(); }

  [[nodiscard]] std::optional<T> get(const Look& look, const Key& key) const {
    const std::string full = name_.full(key);
    iro_bytes value{};
    const auto& service = need(Access::services(look).state, IRO_HOST_STATE_1);
    if (check(service.get(Access::call(look), bytes_of(full), &value), "get") == IRO_NOT_FOUND) return std::nullopt;
    return archive::decode<T>(view_of(value));
  }
  [[nodiscard]] T get_or(const Look& look, const Key& key, T otherwise) const {
    return get(look, key).value_or(std::move(otherwise));
  }
  [[nodiscard]] bool has(const Look& look, const Key& key) const { return get(look, key).has_value(); }

  /// Keys are given as they stand: parts with / between them, a / within a part as %2F.
  /// visit(std::string_view key, const T& value) for each, in the order of keys; one that returns bool stops it with
  /// false.
  template <typename Visit>
  void each(const Look& look, Visit visit) const {
    walk(look, name_.prefix(), visit);
  }
  /// Only keys that begin with these parts and have more.
  template <typename Visit>
  void each(const Look& look, const Key& first_parts, Visit visit) const {
    walk(look, name_.full(first_parts) + '/', visit);
  }
  /// Everything. For few values: `each` needs no memory.
  [[nodiscard]] std::vector<std::pair<std::string, T>> all(const Look& look) const {
    std::vector<std::pair<std::string, T>> out;
    each(look, [&out](std::string_view key, const T& value) { out.emplace_back(key, value); });
    return out;
  }

  void remove(Effects& effects, const Key& key) const {
    const std::string full = name_.full(key);
    const auto& service = need(Access::services(effects).state, IRO_HOST_STATE_1);
    check(service.remove(Access::call(effects), bytes_of(full)), "remove");
  }

 protected:
  void write(Effects& effects, const Key& key, const T& value, std::string_view person) const {
    const std::string full = name_.full(key);
    check_key(effects, full, person);
    const std::string bytes = archive::encode(value);
    const auto& service = need(Access::services(effects).state, IRO_HOST_STATE_1);
    check(service.put(Access::call(effects), bytes_of(full), bytes_of(bytes), text_of(person)), "put");
  }

 private:
  template <typename Visit>
  void walk(const Look& look, const std::string& prefix, Visit& visit) const {
    struct Context {
      Visit* visit;
      std::size_t skip;
      std::exception_ptr thrown;
    } context{&visit, name_.prefix().size(), nullptr};
    const auto step = [](void* raw, iro_bytes key, iro_bytes value) noexcept -> std::int32_t {
      auto& at = *static_cast<Context*>(raw);
      try {
        const std::string_view name = view_of(key).substr(at.skip);
        const T decoded = archive::decode<T>(view_of(value));
        if constexpr (std::is_same_v<std::invoke_result_t<Visit&, std::string_view, const T&>, bool>) {
          return (*at.visit)(name, decoded) ? 0 : 1;
        } else {
          (*at.visit)(name, decoded);
          return 0;
        }
      } catch (...) {
        at.thrown = std::current_exception();  // not through the host: it may be written in C
        return 1;
      }
    };
    const auto& service = need(Access::services(look).state, IRO_HOST_STATE_1);
    const iro_status status = service.each(Access::call(look), bytes_of(prefix), step, &context);
    if (context.thrown) std::rethrow_exception(context.thrown);
    check(status, "each");
  }

  Name name_;
};

}  // namespace detail

/// Values about things. Not for what is known of a person: that is a PersonState.
template <typename T>
class State : public detail::StateBase<T> {
 public:
  consteval State(detail::Name name) : detail::StateBase<T>(name) {}
  template <std::size_t N>
  consteval State(const char (&name)[N]) : detail::StateBase<T>(detail::Name(name)) {}
  void put(Effects& effects, const Key& key, const T& value) const { this->write(effects, key, value, {}); }
};

/// Values about a person, under that person's key: after an erasure there is nothing.
template <typename T>
class PersonState : public detail::StateBase<T> {
 public:
  template <std::size_t N>
  consteval PersonState(const char (&name)[N]) : detail::StateBase<T>(detail::Name(name)) {}
  /// Of the person that this call is about; it must be about one.
  void put(Effects& effects, const Key& key, const T& value) const { put(effects, key, value, effects.person()); }
  void put(Effects& effects, const Key& key, const T& value, std::string_view person) const {
    if (person.empty()) throw Failed(IRO_INVALID, "a PersonState is about a person, and this event is about nobody");
    this->write(effects, key, value, person);
  }
};

/// Wakes the rule, once, at or after a time: plugin<Rule>().alarm<&Rule::reminder, &Rule::remind>().
class Alarm {
 public:
  template <std::size_t N>
  consteval Alarm(const char (&name)[N]) : name_(detail::Name(name)) {}

  /// Setting it again, with the same key, moves it. If this call is about a person, the alarm is too. A moment that has
  /// passed, however long ago, rings right after this event.
  void set(Effects& effects, const Key& key, Time due) const { set(effects, key, due, effects.person()); }
  void set(Effects& effects, const Key& key, Time due, std::string_view person) const {
    const std::string full = name_.full(key);
    detail::check_key(effects, full, person);
    const auto& service = detail::need(detail::Access::services(effects).timer, IRO_HOST_TIMER_1);
    detail::check(service.set(detail::Access::call(effects), detail::bytes_of(full),
                              std::max<std::int64_t>(1, due.time_since_epoch().count()), detail::text_of(person)),
                  "set an alarm");
  }
  void cancel(Effects& effects, const Key& key) const {
    const std::string full = name_.full(key);
    const auto& service = detail::need(detail::Access::services(effects).timer, IRO_HOST_TIMER_1);
    detail::check(service.cancel(detail::Access::call(effects), detail::bytes_of(full)), "cancel an alarm");
  }
  /// The key of this alarm in a timer's full key; nothing when that is another alarm's.
  [[nodiscard]] std::optional<std::string_view> match(std::string_view full) const {
    if (!full.starts_with(name_.text()) || full.size() <= name_.text().size() || full[name_.text().size()] != '/') {
      return std::nullopt;
    }
    return full.substr(name_.text().size() + 1);
  }

 private:
  detail::Name name_;
};

}  // namespace sdk
}  // namespace iro

// iro/archive.hpp: how values become the bytes of a plugin's state, and back.
//
// One value has one encoding, on every machine and in every year: numbers as
// variable-length integers, texts and lists with their length before them, maps
// and sets in the order of their keys. A struct says what is in it, in the
// order that is permanent:
//
//   struct Stay {
//     static constexpr unsigned version = 2;                // 1 when it is left out
//     std::string provider;
//     std::chrono::sys_days from;
//     std::int64_t hours = 0;                               // came with version 2
//     void fields(auto& f) { f(provider, from); f.since(2, hours); }
//   };
//
// Fields are only added, at the end, with `since` and a higher version. A value
// written by an older version leaves what it lacks as the struct has it by
// default; one written by a newer version is refused, and so are bytes that
// nothing of ours has written. What has no order or no exact value of its own
// (hash tables, pointers, floating point) does not compile.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "iro/failed.hpp"

namespace iro {
inline namespace sdk {
namespace archive {

struct Probe {
  template <typename... T>
  void operator()(T&...) {}
  template <typename... T>
  void since(unsigned, T&...) {}
};

template <typename T>
concept Described = std::is_class_v<T> && requires(T& value, Probe& probe) {
  value.fields(probe);
};

template <typename T>
constexpr unsigned version_of() {
  if constexpr (requires { T::version; }) {
    return T::version;
  } else {
    return 1;
  }
}

template <typename>
inline constexpr bool never = false;
template <typename T, template <typename...> typename Of>
inline constexpr bool is = false;
template <template <typename...> typename Of, typename... A>
inline constexpr bool is<Of<A...>, Of> = true;
template <typename T>
inline constexpr bool is_array = false;
template <typename T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;
template <typename T>
inline constexpr bool is_unordered = requires {
  typename T::hasher;
};

template <typename T>
constexpr void refuse_type() {
  if constexpr (std::is_floating_point_v<T>) {
    static_assert(never<T>, "state holds no floating point: count in whole units (hundredths, minutes)");
  } else if constexpr (is_unordered<T>) {
    static_assert(never<T>, "state holds no hash table, its order differs between machines: use std::map or std::set");
  } else if constexpr (std::is_pointer_v<T>) {
    static_assert(never<T>, "state holds no pointer: an address means nothing tomorrow");
  } else {
    static_assert(never<T>,
                  "state holds integers, bool, enums, texts, times, ids, optional, vector, array, pair, tuple, map, "
                  "set, and structs with `void fields(auto& f) { f(a, b); }`");
  }
}

class Writer {
 public:
  template <typename... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  template <typename... T>
  void since(unsigned, const T&... values) {
    (put(values), ...);
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

  template <typename T>
  void put(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      out_.push_back(value ? '\1' : '\0');
    } else if constexpr (std::is_enum_v<T>) {
      put(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      const auto wide = static_cast<std::int64_t>(value);  // zigzag: small numbers of either sign are short
      number((static_cast<std::uint64_t>(wide) << 1) ^ static_cast<std::uint64_t>(wide >> 63));
    } else if constexpr (std::is_integral_v<T>) {
      number(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      number(value.size());
      out_.append(value);
    } else if constexpr (is<T, std::chrono::duration>) {
      put(static_cast<std::int64_t>(value.count()));
    } else if constexpr (is<T, std::chrono::time_point>) {
      put(value.time_since_epoch());
    } else if constexpr (is<T, std::optional>) {
      put(value.has_value());
      if (value) put(*value);
    } else if constexpr (is<T, std::vector> || is<T, std::map> || is<T, std::set>) {
      number(value.size());
      for (const typename T::value_type& item : value) put(item);
    } else if constexpr (is_array<T>) {
      for (const auto& item : value) put(item);
    } else if constexpr (is<T, std::pair> || is<T, std::tuple>) {
      std::apply([this](const auto&... items) { (put(items), ...); }, value);
    } else if constexpr (Described<T>) {
      number(version_of<T>());
      const_cast<T&>(value).fields(*this);  // fields() hands them out; this archive only reads
    } else {
      refuse_type<T>();
    }
  }

 private:
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <typename... T>
  void operator()(T&... values) {
    (take(values), ...);
  }
  template <typename... T>
  void since(unsigned version, T&... values) {
    if (version_ >= version) (take(values), ...);
  }
  void end() const {
    if (!rest_.empty()) broken();
  }

  template <typename T>
  void take(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      const std::uint64_t n = number();
      if (n > 1) broken();
      value = n == 1;
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> n{};
      take(n);
      value = static_cast<T>(n);
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      const std::uint64_t n = number();
      const auto wide = static_cast<std::int64_t>((n >> 1) ^ (~(n & 1) + 1));
      value = static_cast<T>(wide);
      if (value != wide) broken();
    } else if constexpr (std::is_integral_v<T>) {
      const std::uint64_t n = number();
      value = static_cast<T>(n);
      if (value != n) broken();
    } else if constexpr (std::is_same_v<T, std::string>) {
      const std::size_t size = count();
      value.assign(rest_.substr(0, size));
      rest_.remove_prefix(size);
    } else if constexpr (is<T, std::chrono::duration>) {
      std::int64_t n = 0;
      take(n);
      value = T(static_cast<typename T::rep>(n));
    } else if constexpr (is<T, std::chrono::time_point>) {
      typename T::duration since_epoch{};
      take(since_epoch);
      value = T(since_epoch);
    } else if constexpr (is<T, std::optional>) {
      bool there = false;
      take(there);
      value.reset();
      if (there) take(value.emplace());
    } else if constexpr (is<T, std::vector>) {
      value.clear();
      for (std::size_t left = count(); left > 0; --left) {
        typename T::value_type item{};
        take(item);
        value.push_back(std::move(item));
      }
    } else if constexpr (is<T, std::map>) {
      value.clear();
      for (std::size_t left = count(); left > 0; --left) {
        std::pair<typename T::key_type, typename T::mapped_type> item{};
        take(item);
        value.insert_or_assign(value.end(), std::move(item.first), std::move(item.second));
      }
    } else if constexpr (is<T, std::set>) {
      value.clear();
      for (std::size_t left = count(); left > 0; --left) {
        typename T::key_type item{};
        take(item);
        value.insert(value.end(), std::move(item));
      }
    } else if constexpr (is_array<T>) {
      for (auto& item : value) take(item);
    } else if constexpr (is<T, std::pair> || is<T, std::tuple>) {
      std::apply([this](auto&... items) { (take(items), ...); }, value);
    } else if constexpr (Described<T>) {
      const std::uint64_t version = number();
      if (version > version_of<T>()) {
        throw Failed(IRO_FAILED, "state was written by a newer version of this plugin");
      }
      const unsigned outer = std::exchange(version_, static_cast<unsigned>(version));
      value.fields(*this);
      version_ = outer;
    } else {
      refuse_type<T>();
    }
  }

 private:
  [[noreturn]] static void broken() { throw Failed(IRO_FAILED, "state does not read as what this key holds"); }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) broken();
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) broken();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    broken();
  }
  /// Of a text or a list: there is at least a byte for each.
  std::size_t count() {
    const std::uint64_t n = number();
    if (n > rest_.size()) broken();
    return static_cast<std::size_t>(n);
  }

  std::string_view rest_;
  unsigned version_ = 1;
};

/// The first byte of every value. Permanent.
inline constexpr char format = '\1';

template <typename T>
std::string encode(const T& value) {
  Writer writer;
  writer.put(value);
  return format + writer.take();
}

template <typename T>
T decode(std::string_view bytes) {
  if (bytes.empty() || bytes.front() != format) throw Failed(IRO_FAILED, "state has a format that is not known here");
  Reader reader(bytes.substr(1));
  T value{};
  reader.take(value);
  reader.end();
  return value;
}

}  // namespace archive
}  // namespace sdk
}  // namespace iro

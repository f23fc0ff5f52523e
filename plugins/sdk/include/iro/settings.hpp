// iro/settings.hpp: a plugin's configuration, as a struct.
//
//   struct Config {
//     std::int64_t most_weeks = 6;
//     std::vector<std::string> branches;
//     void settings(auto& is) { is("most_weeks", most_weeks); is("branches", branches); }
//   };
//
// The names are those of [config.NAME] in plugin.toml. The host has checked the
// values against it and filled in defaults, so a name that is missing or left
// over is a difference between plugin.toml and the source, and refused.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "iro/failed.hpp"

namespace iro {
inline namespace sdk {
namespace json {

/// A flat JSON value: what a setting or an argument can be.
struct Value {
  enum class Kind : std::uint8_t { null, boolean, number, text, list };
  Kind kind = Kind::null;
  std::string text;  // of a text; the digits of a number; "true" or "false"
  std::vector<Value> items;
};
using Object = std::map<std::string, Value, std::less<>>;

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Object object() {
    Object out;
    want('{');
    if (!accept('}')) {
      do {
        skip();
        std::string name = string();
        want(':');
        if (!out.emplace(std::move(name), value(true)).second) broken("a name twice");
      } while (accept(','));
      want('}');
    }
    skip();
    if (!rest_.empty()) broken("text behind the object");
    return out;
  }

 private:
  [[noreturn]] static void broken(const char* what) { throw Failed(IRO_INVALID, std::string("config: ") + what); }
  void skip() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos)
      rest_.remove_prefix(1);
  }
  bool accept(char c) {
    skip();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void want(char c) {
    if (!accept(c)) broken("no JSON object of settings");
  }
  char next() {
    if (rest_.empty()) broken("it ends in the middle");
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool word(std::string_view w) {
    if (!rest_.starts_with(w)) return false;
    rest_.remove_prefix(w.size());
    return true;
  }

  Value value(bool lists) {
    skip();
    Value out;
    if (rest_.empty()) broken("it ends in the middle");
    if (rest_.front() == '"') {
      out = {Value::Kind::text, string(), {}};
    } else if (word("true")) {
      out = {Value::Kind::boolean, "true", {}};
    } else if (word("false")) {
      out = {Value::Kind::boolean, "false", {}};
    } else if (word("null")) {
      out = {};
    } else if (lists && accept('[')) {
      out.kind = Value::Kind::list;
      if (!accept(']')) {
        do out.items.push_back(value(false));
        while (accept(','));
        want(']');
      }
    } else {
      out.kind = Value::Kind::number;
      while (!rest_.empty() && std::string_view("+-.0123456789eE").find(rest_.front()) != std::string_view::npos)
        out.text.push_back(next());
      if (out.text.empty()) broken("a value that is neither number, text, boolean nor list");
    }
    return out;
  }

  std::uint32_t hex4() {
    std::uint32_t out = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = next();
      const auto digit =
          std::string_view("0123456789abcdef").find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
      if (digit == std::string_view::npos) broken("a bad \\u");
      out = out * 16 + static_cast<std::uint32_t>(digit);
    }
    return out;
  }
  static void utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
      out.push_back(static_cast<char>(c));
      return;
    }
    if (c < 0x800) {
      out.push_back(static_cast<char>(0xC0 | (c >> 6)));
    } else if (c < 0x10000) {
      out.push_back(static_cast<char>(0xE0 | (c >> 12)));
      out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    } else {
      out.push_back(static_cast<char>(0xF0 | (c >> 18)));
      out.push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
      out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    }
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
  std::string string() {
    std::string out;
    if (next() != '"') broken("a name without quotes");
    for (char c = next(); c != '"'; c = next()) {
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      const char escaped = next();
      const auto at = std::string_view("\"\\/bfnrt").find(escaped);
      if (at != std::string_view::npos) {
        out.push_back("\"\\/\b\f\n\r\t"[at]);
      } else if (escaped == 'u') {
        std::uint32_t code = hex4();
        if (code >= 0xD800 && code < 0xDC00) {
          if (next() != '\\' || next() != 'u') broken("half a surrogate pair");
          const std::uint32_t low = hex4();
          if (low < 0xDC00 || low > 0xDFFF) broken("half a surrogate pair");
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        } else if (code >= 0xDC00 && code < 0xE000) {
          broken("half a surrogate pair");
        }
        utf8(out, code);
      } else {
        broken("a bad escape");
      }
    }
    return out;
  }

  std::string_view rest_;
};

inline Object parse(std::string_view text) { return Parser(text).object(); }

/// The value as T; `name` is for the message.
template <typename T>
T as(const Value& value, std::string_view name) {
  using Kind = Value::Kind;
  const auto wrong = [&](const char* wanted) {
    return Failed(IRO_INVALID, "config: '" + std::string(name) + "' is " + wanted + " in the source");
  };
  if constexpr (std::is_same_v<T, bool>) {
    if (value.kind != Kind::boolean) throw wrong("a boolean");
    return value.text == "true";
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (value.kind != Kind::text) throw wrong("a text");
    return value.text;
  } else if constexpr (std::is_arithmetic_v<T>) {
    T out{};
    const char* end = value.text.data() + value.text.size();
    const auto read = std::from_chars(value.text.data(), end, out);
    if (value.kind != Kind::number || read.ec != std::errc() || read.ptr != end) {
      throw wrong(std::is_integral_v<T> ? "a whole number that fits its type" : "a number");
    }
    return out;
  } else {
    if (value.kind != Kind::list) throw wrong("a list");
    T out;
    for (const Value& item : value.items) out.push_back(as<typename T::value_type>(item, name));
    return out;
  }
}

/// A text as JSON, with its quotes.
inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
      out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace json

class SettingsReader {
 public:
  explicit SettingsReader(std::string_view text) : left_(json::parse(text)) {}
  template <typename T>
  void operator()(std::string_view name, T& value) {
    const auto at = left_.find(name);
    if (at == left_.end()) {
      throw Failed(IRO_INVALID,
                   "config: the source reads '" + std::string(name) + "', plugin.toml does not declare it");
    }
    value = json::as<T>(at->second, name);
    left_.erase(at);
  }
  void end() const {
    if (!left_.empty()) {
      throw Failed(IRO_INVALID,
                   "config: plugin.toml declares '" + left_.begin()->first + "', the source does not read it");
    }
  }

 private:
  json::Object left_;
};

template <typename Config>
Config read_settings(std::string_view text) {
  SettingsReader reader(text);
  Config config{};
  config.settings(reader);
  reader.end();
  return config;
}

}  // namespace sdk
}  // namespace iro

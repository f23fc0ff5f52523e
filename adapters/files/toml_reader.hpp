// adapters/files/toml_reader.hpp: TOML read strictly.
//
// A misspelt key is told with its line, not ignored. The first complaint is
// kept and reading goes on with defaults, so that the code which reads a file
// stays a straight line and asks once, at the end. One thread an object.
#pragma once

#include <fmt/format.h>

#include <toml++/toml.h>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "hub/base/error.hpp"

namespace iro::files {

/// Fails with `code`, `name`, line and what was expected.
Result<toml::table> parse_toml(std::string_view text, std::string_view name, Errc code);

class TomlReader {
 public:
  /// The first complaint, "12: unknown key 'x'", or "".
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  void complain(const toml::node& node, const std::string& text);

  /// Complains of any other key.
  void only(const toml::table& table, std::initializer_list<std::string_view> known);
  std::string text(const toml::table& table, std::string_view key, bool required = false);
  bool flag(const toml::table& table, std::string_view key);
  std::int64_t number(const toml::table& table, std::string_view key, std::int64_t least, std::int64_t otherwise);
  /// One character out of `allowed`.
  char character(const toml::table& table, std::string_view key, std::string_view allowed, char otherwise);
  std::vector<std::string> texts(const toml::table& table, std::string_view key);
  /// A table within the table, or null.
  const toml::table* section(const toml::table& table, std::string_view key);
  /// The tables of [[key]].
  std::vector<const toml::table*> sections(const toml::table& table, std::string_view key);

 private:
  std::string complaint_;
};

}  // namespace iro::files

// adapters/files/mapping.hpp: which column of a CSV file means what.
//
// A mapping is a TOML file (README.md has the reference): the columns by their
// headers, the events that a row becomes, the code tables in between. Loading
// checks everything that can be checked without a file, so that a mistake is a
// mapping_invalid with its line and not a reject on every row. A Mapping is a
// value that no longer changes; any thread may read it.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/files/json_path.hpp"
#include "adapters/files/text_encoding.hpp"
#include "hub/base/error.hpp"
#include "hub/schema/registry.hpp"

namespace iro::files {

enum class ValueKind : std::uint8_t { text, integer, decimal, date, boolean, code, pseudonym };

using CodeTable = std::map<std::string, std::string>;  // folded for comparison -> the hub's word

struct Column {
  std::string name;                  // as the mapping calls it
  std::vector<std::string> headers;  // as files call it; [0] is shown to people
  ValueKind kind = ValueKind::text;
  bool required = false;
  char list_separator = 0;  // not 0: the field holds several values of `kind`
  std::string codes;        // the code table of a `code`; "" = the hub's words themselves
  std::string fallback;     // stands in for an empty field
  bool programme = false;   // its codes are looked up in the programme list, and unknown ones counted
};

/// Where a value of the payload comes from.
struct Source {
  enum class Kind : std::uint8_t { column, constant, text, derived, weeks, document };
  Kind kind = Kind::column;
  std::vector<std::size_t>
      columns;  // column and document: one; derived and weeks: their columns; text: in order of appearance
  boost::json::value constant;
  std::string text;  // "{member}-{number}"; for derived the prefix of the id
};

struct FieldRule {
  JsonPath path;
  Source source;
};

struct Condition {
  std::size_t column = 0;
  bool filled = true;  // or empty
};

struct EventRule {
  std::string type;             // full name
  std::string changed_type;     // full name, or ""
  std::vector<Condition> when;  // all must hold
  std::vector<FieldRule> fields;
};

struct Mapping {
  std::string format;  // its name, permanent: part of every row's identity
  std::string title;
  std::optional<Encoding> encoding;
  char separator = 0;
  char decimal_separator = ',';
  std::vector<std::size_t> keys;
  std::vector<Column> columns;
  std::map<std::string, CodeTable> codes;
  std::vector<EventRule> events;
  std::string hash;  // of the TOML text: a file with rejects may be offered again after a correction here

  [[nodiscard]] std::optional<std::size_t> find_column(std::string_view name) const;
};

/// `name` is what messages call the text, usually its path. Fails with mapping_invalid.
Result<Mapping> read_mapping(std::string_view toml, std::string_view name, const schema::Registry& registry);

/// The mappings that come with the program (adapters/files/mappings).
Result<std::vector<Mapping>> builtin_mappings(const schema::Registry& registry);
/// All *.toml of a folder put before `known`, taking the place of a known one of the same format.
Result<std::vector<Mapping>> with_folder(std::vector<Mapping> known, const std::filesystem::path& folder,
                                         const schema::Registry& registry);

/// A header or code made comparable: trimmed, lower case, runs of space, - and _ as one space.
std::string folded(std::string_view text);

/// Which field of a file is which column.
struct HeaderMatch {
  std::vector<std::optional<std::size_t>> field_of;  // by column
  std::vector<std::string> missing;                  // required columns that the file does not have
  std::vector<std::string> unused;                   // headers that the mapping does not know
  std::size_t matched = 0;
};
HeaderMatch match_header(const Mapping& mapping, const std::vector<std::string>& header);

}  // namespace iro::files

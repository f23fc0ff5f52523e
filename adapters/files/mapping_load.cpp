// The TOML side of a mapping: read strictly, so that a misspelt key is told and not ignored.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "adapters/client/sealed_event.hpp"
#include "adapters/files/builtin_mapping_texts.hpp"
#include "adapters/files/mapping.hpp"
#include "adapters/files/toml_reader.hpp"
#include "adapters/files/type_shape.hpp"
#include "hub/base/crypto.hpp"

namespace iro::files {
namespace {

struct KindName {
  std::string_view name;
  ValueKind kind;
};
constexpr KindName kinds[] = {{"text", ValueKind::text},       {"integer", ValueKind::integer},
                              {"decimal", ValueKind::decimal}, {"date", ValueKind::date},
                              {"boolean", ValueKind::boolean}, {"code", ValueKind::code}};

/// Reads one mapping.
class Loader : TomlReader {
 public:
  explicit Loader(const schema::Registry& registry) : registry_(registry) {}

  Result<Mapping> load(std::string_view toml, std::string_view name) {
    const auto common = parse_toml(common_codes_text(), "common/codes.toml", Errc::mapping_invalid);
    if (!common) return fail(common.error());
    const auto root = parse_toml(toml, name, Errc::mapping_invalid);
    if (!root) return fail(root.error());
    mapping_.hash = to_hex(sha256(as_bytes(toml)));
    read_codes(*common);
    read_root(*root);
    if (!complaint().empty()) return fail(Errc::mapping_invalid, fmt::format("{}:{}", name, complaint()));
    return std::move(mapping_);
  }

 private:
  void read_root(const toml::table& root) {
    only(root, {"format", "title", "encoding", "separator", "decimal", "key", "column", "codes", "event"});
    mapping_.format = text(root, "format", true);
    mapping_.title = text(root, "title");
    if (const std::string encoding = text(root, "encoding"); !encoding.empty()) {
      mapping_.encoding = find_encoding(encoding);
      if (!mapping_.encoding) {
        complain(
            *root.get("encoding"),
            fmt::format("encoding '{}' is unknown: utf-8, windows-1252, iso-8859-1, utf-16le or utf-16be", encoding));
      }
    }
    mapping_.separator = character(root, "separator", ";,|\t", 0);
    mapping_.decimal_separator = character(root, "decimal", ",.", ',');
    read_codes(root);
    read_columns(root);
    read_keys(root);
    read_events(root);
  }

  void read_codes(const toml::table& root) {
    const toml::table* all = section(root, "codes");
    if (all == nullptr) return;
    for (const auto& [name, node] : *all) {
      const toml::table* table = section(*all, name.str());
      if (table == nullptr) continue;
      CodeTable& codes = mapping_.codes[std::string(name.str())];
      codes.clear();  // the mapping's own takes the place of a common one
      for (const auto& [from, to] : *table) {
        if (!to.is_string()) complain(to, fmt::format("code '{}' must become a text", from.str()));
        codes[folded(from.str())] = to.value<std::string>().value_or("");
      }
    }
  }

  void read_columns(const toml::table& root) {
    const toml::table* all = section(root, "column");
    if (all == nullptr || all->empty()) {
      complain(root, "there is no [column.NAME]: which columns does the file have?");
      return;
    }
    for (const auto& [name, node] : *all) {
      if (const toml::table* table = section(*all, name.str())) read_column(std::string(name.str()), *table);
    }
  }

  void read_column(std::string name, const toml::table& table) {
    only(table, {"headers", "kind", "required", "pseudonym", "list", "codes", "default", "programme"});
    Column column;
    column.name = std::move(name);
    column.headers = texts(table, "headers");
    if (column.headers.empty()) complain(table, fmt::format("column '{}' has no headers", column.name));
    column.required = flag(table, "required");
    column.codes = text(table, "codes");
    column.fallback = text(table, "default");
    column.programme = flag(table, "programme");
    column.list_separator = character(table, "list", ",;/+|&", 0);
    const std::string kind = text(table, "kind");
    const auto* const known = std::ranges::find(kinds, kind, &KindName::name);
    if (known != std::end(kinds)) column.kind = known->kind;
    if (!kind.empty() && known == std::end(kinds)) {
      complain(*table.get("kind"),
               fmt::format("kind '{}' is unknown: text, integer, decimal, date, boolean or code", kind));
    }
    if (!column.codes.empty()) {
      column.kind = ValueKind::code;
      if (!mapping_.codes.contains(column.codes))
        complain(*table.get("codes"), fmt::format("there is no [codes.{}]", column.codes));
    }
    if (flag(table, "pseudonym")) {
      if (column.kind != ValueKind::text || column.list_separator != 0)
        complain(table, "a pseudonym column is one plain text");
      column.kind = ValueKind::pseudonym;
    }
    if (column.programme && column.kind != ValueKind::text) complain(table, "a programme column is text");
    mapping_.columns.push_back(std::move(column));
  }

  std::optional<std::size_t> column_named(const toml::node& where, std::string_view name) {
    const auto found = mapping_.find_column(name);
    if (!found) complain(where, fmt::format("there is no [column.{}]", name));
    return found;
  }

  void read_keys(const toml::table& root) {
    const std::vector<std::string> keys = texts(root, "key");
    if (keys.empty())
      complain(root, "'key' is missing: which columns say that a row in a later file is the same thing?");
    for (const std::string& name : keys) {
      if (const auto column = column_named(*root.get("key"), name)) mapping_.keys.push_back(*column);
    }
  }

  void read_events(const toml::table& root) {
    const auto events = sections(root, "event");
    if (events.empty()) complain(root, "there is no [[event]]: what does a row become?");
    for (const toml::table* table : events) read_event(*table);
  }

  std::string type_named(const toml::table& table, std::string_view key, bool required) {
    const std::string name = text(table, key, required);
    if (name.empty()) return "";
    const schema::EventType* type = registry_.find_loosely(name);
    if (type == nullptr)
      complain(*table.get(key), fmt::format("there is no event type '{}': `iro types` lists them", name));
    return type == nullptr ? "" : type->name;
  }

  void check_path(const toml::node& node, const std::string& type, const JsonPath& path) {
    const schema::EventType* known = registry_.find(type);
    if (known == nullptr) return;
    if (const auto objection = TypeShape(registry_, *known).objection(path)) complain(node, *objection);
  }

  void read_fields(const toml::table& set, EventRule& rule) {
    for (const auto& [text, source] : set) {
      const auto path = JsonPath::parse(text.str());
      if (!path) {
        complain(source, fmt::format("'{}' is not a path such as \"period.start\" or \"goals[0]\"", text.str()));
        continue;
      }
      for (const std::string& type : {rule.type, rule.changed_type}) check_path(source, type, *path);
      FieldRule field{*path, read_source(source)};
      if (field.source.kind == Source::Kind::document && path->text() != client::sealed_field)
        complain(source, fmt::format("a document goes into '{}'", client::sealed_field));
      rule.fields.push_back(std::move(field));
    }
  }

  void read_event(const toml::table& table) {
    only(table, {"type", "changed_type", "when", "set"});
    EventRule rule;
    rule.type = type_named(table, "type", true);
    rule.changed_type = type_named(table, "changed_type", false);
    for (std::string condition : texts(table, "when")) {
      const bool filled = !condition.starts_with('!');
      if (!filled) condition.erase(0, 1);
      if (const auto column = column_named(*table.get("when"), condition)) rule.when.push_back({*column, filled});
    }
    if (const toml::table* set = section(table, "set")) read_fields(*set, rule);
    if (rule.fields.empty()) complain(table, "the event sets nothing: [event.set] is missing");
    mapping_.events.push_back(std::move(rule));
  }

  Source read_source(const toml::node& node) {
    Source source;
    if (const auto name = node.value<std::string>(); node.is_string()) {
      if (const auto column = column_named(node, *name)) source.columns = {*column};
      return source;
    }
    const toml::table* table = node.as_table();
    if (table == nullptr || table->size() == 0) {
      complain(node,
               "give the name of a column, or { constant = ... }, { text = ... }, { id = [...], prefix = ... }, { "
               "weeks = [...] }, { document = COLUMN }; "
               "a path with points stands in quotes");
      return source;
    }
    only(*table, {"constant", "text", "id", "prefix", "weeks", "document"});
    if (const toml::node* constant = table->get("constant")) {
      source.kind = Source::Kind::constant;
      source.constant = constant_of(*constant);
    } else if (table->contains("text")) {
      source.kind = Source::Kind::text;
      source.text = text(*table, "text");
      read_placeholders(*table->get("text"), source);
    } else if (const toml::node* document = table->get("document")) {
      source.kind = Source::Kind::document;
      if (const auto column = column_named(*document, text(*table, "document"))) source.columns = {*column};
    } else if (table->contains("weeks")) {
      source.kind = Source::Kind::weeks;
      read_source_columns(*table, "weeks", source);
      if (source.columns.size() != 3) complain(node, "'weeks' takes three columns: first day, last day, seats");
    } else {
      source.kind = Source::Kind::derived;
      source.text = text(*table, "prefix", true);
      read_source_columns(*table, "id", source);
    }
    return source;
  }

  void read_source_columns(const toml::table& table, std::string_view key, Source& source) {
    for (const std::string& name : texts(table, key)) {
      if (const auto column = column_named(*table.get(key), name)) source.columns.push_back(*column);
    }
    if (source.columns.empty()) complain(table, fmt::format("'{}' names no column", key));
  }

  boost::json::value constant_of(const toml::node& node) {
    if (const auto v = node.value_exact<std::string>()) return boost::json::string(*v);
    if (const auto v = node.value_exact<std::int64_t>()) return *v;
    if (const auto v = node.value_exact<bool>()) return *v;
    if (const auto v = node.value_exact<double>()) return *v;
    complain(node, "a constant is a text, a number, true or false");
    return nullptr;
  }

  /// Collects the columns of "{a}-{b}" in order of appearance; {member} is the member's own slug.
  void read_placeholders(const toml::node& node, Source& source) {
    const std::string& text = source.text;
    for (std::size_t at = text.find('{'); at != text.npos; at = text.find('{', at + 1)) {
      const std::size_t end = text.find('}', at);
      if (end == text.npos) {
        complain(node, "a { without its }");
        return;
      }
      const std::string name = text.substr(at + 1, end - at - 1);
      if (name == "member") continue;
      if (const auto column = column_named(node, name)) source.columns.push_back(*column);
    }
  }

  const schema::Registry& registry_;
  Mapping mapping_;
};

}  // namespace

Result<Mapping> read_mapping(std::string_view toml, std::string_view name, const schema::Registry& registry) {
  return Loader(registry).load(toml, name);
}

Result<std::vector<Mapping>> builtin_mappings(const schema::Registry& registry) {
  std::vector<Mapping> out;
  for (const MappingText& text : builtin_mapping_texts()) {
    auto mapping = read_mapping(text.toml, text.name, registry);
    if (!mapping) return fail(mapping.error());
    out.push_back(std::move(*mapping));
  }
  return out;
}

Result<std::vector<Mapping>> with_folder(std::vector<Mapping> known, const std::filesystem::path& folder,
                                         const schema::Registry& registry) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return fail(Errc::io, fmt::format("read {}", path.string()));
    auto mapping = read_mapping(text.str(), path.string(), registry);
    if (!mapping) return fail(mapping.error());
    std::erase_if(known, [&](const Mapping& m) { return m.format == mapping->format; });
    known.push_back(std::move(*mapping));
  }
  return known;
}

}  // namespace iro::files

#include "adapters/files/mapping_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "adapters/files/pseudonyms.hpp"
#include "adapters/files/values.hpp"

namespace iro::files {
namespace {

constexpr char between_keys = '\x1F';  // occurs in no field that a person typed
constexpr std::string_view hidden = "(personal number)";

bool names_a_person(const Mapping& mapping) {
  return std::ranges::any_of(mapping.columns, [](const Column& c) { return c.kind == ValueKind::pseudonym; });
}

}  // namespace

Result<std::unique_ptr<MappingReader>> MappingReader::open(std::unique_ptr<ByteSource> source, const Mapping& mapping,
                                                           const ProgrammeList& programmes, std::string member) {
  auto csv = CsvReader::open(std::move(source), {mapping.encoding, mapping.separator});
  if (!csv) return fail(csv.error());
  std::unique_ptr<MappingReader> reader(new MappingReader(std::move(*csv), mapping, programmes, std::move(member)));
  const auto first = reader->csv_.next();
  if (!first) return fail(first.error());
  if (*first == Item::end) return fail(Errc::csv_column, "the file is empty: there is no header line");
  if (*first == Item::problem)
    return fail(Errc::csv_column, "the header line cannot be read: " + reader->csv_.problem().message);
  for (const std::string_view field : reader->csv_.fields()) reader->names_.emplace_back(trimmed(field));
  reader->match_ = match_header(mapping, reader->names_);
  if (!reader->match_.missing.empty()) {
    return fail(Errc::csv_column,
                fmt::format("missing for '{}': {}", mapping.format, fmt::join(reader->match_.missing, ", ")));
  }
  return reader;
}

Result<RecordReader::Item> MappingReader::next() {
  for (;;) {
    auto item = csv_.next();
    // Spreadsheets leave rows of nothing but separators behind the last one.
    const bool empty =
        item && *item == Item::row && std::ranges::all_of(csv_.fields(), [](auto f) { return trimmed(f).empty(); });
    if (!empty) return item;
  }
}

Reject MappingReader::reject_row(Errc code, Position at, std::string reason, std::string_view original) const {
  // A whole line may hold a student number, wherever it slipped to.
  const bool hide = names_a_person(mapping_) || code == Errc::personal_number || looks_personal(original);
  return {code, at, "", std::move(reason), std::string(hide ? "" : original)};
}

Reject MappingReader::problem() const {
  const CsvProblem& p = csv_.problem();
  return reject_row(p.code, p.at, p.message, p.original);
}

Record MappingReader::build(Pseudonyms& pseudonyms) {
  Record record;
  const auto& fields = csv_.fields();
  const auto surplus = [&] {
    return std::any_of(fields.begin() + std::ptrdiff_t(names_.size()), fields.end(),
                       [](auto f) { return !trimmed(f).empty(); });
  };
  if (fields.size() < names_.size() || (fields.size() > names_.size() && surplus())) {
    record.rejects.push_back(reject_row(Errc::csv_width, csv_.position(std::min(fields.size(), names_.size())),
                                        fmt::format("{} fields where the header has {}", fields.size(), names_.size()),
                                        csv_.original()));
    return record;
  }
  read_columns(pseudonyms, record);
  for (std::size_t i = 0; i < mapping_.events.size() && record.rejects.empty(); ++i)
    apply(mapping_.events[i], i, pseudonyms, record);
  return record;
}

std::string_view MappingReader::field_of(std::size_t column) const {
  const auto& field = match_.field_of[column];
  return field ? trimmed(csv_.fields()[*field]) : std::string_view();
}

Reject MappingReader::reject(std::size_t column, const Error& error) const {
  const Column& c = mapping_.columns[column];
  const auto& field = match_.field_of[column];
  const std::string_view original = field_of(column);
  const bool hide = c.kind == ValueKind::pseudonym || looks_personal(original) || error.code == Errc::personal_number;
  return {error.code, csv_.position(field.value_or(0)), field ? names_[*field] : c.headers.front(), error.message,
          std::string(hide ? hidden : original)};
}

void MappingReader::read_columns(Pseudonyms& pseudonyms, Record& record) {
  values_.assign(mapping_.columns.size(), nullptr);
  for (std::size_t i = 0; i < mapping_.columns.size(); ++i) {
    const Column& column = mapping_.columns[i];
    std::string_view text = field_of(i);
    if (text.empty() && column.fallback == "{member}") text = member_;
    if (text.empty() && column.fallback.empty()) {
      if (column.required) record.rejects.push_back(reject(i, {Errc::csv_value, "this may not be empty"}));
      continue;
    }
    if (column.kind == ValueKind::pseudonym) {
      auto pseudonym = pseudonyms.of("student-number", {text, {}});
      if (pseudonym)
        values_[i] = boost::json::string(*pseudonym);
      else
        record.rejects.push_back(reject(i, pseudonym.error()));
      continue;
    }
    auto value = read_value(mapping_, column, text);
    if (!value) {
      record.rejects.push_back(reject(i, value.error()));
      continue;
    }
    values_[i] = std::move(*value);
    if (column.programme) note_unknown(values_[i], record);
  }
}

void MappingReader::note_unknown(const boost::json::value& codes, Record& record) const {
  const auto note = [&](const boost::json::value& code) {
    const std::string_view text(code.as_string().data(), code.as_string().size());
    if (!programmes_.knows(text)) record.unknown_programme = text;
  };
  if (codes.is_string()) note(codes);
  if (const auto* list = codes.if_array()) std::ranges::for_each(*list, note);
}

void MappingReader::apply(const EventRule& rule, std::size_t number, const Pseudonyms& pseudonyms,
                          Record& record) const {
  const auto holds = [&](const Condition& c) { return values_[c.column].is_null() != c.filled; };
  if (!std::ranges::all_of(rule.when, holds)) return;
  Draft draft{.type = rule.type, .changed_type = rule.changed_type, .key = fmt::format("{}", number), .payload = {}};
  for (const std::size_t key : mapping_.keys) (draft.key += between_keys) += text_of(key);
  for (const FieldRule& field : rule.fields) {
    auto value = value_of(field.source, pseudonyms);
    if (!value) {
      record.rejects.push_back(reject(field.source.columns.front(), value.error()));
      return;
    }
    if (!value->is_null()) field.path.set(draft.payload, std::move(*value));
  }
  record.drafts.push_back(std::move(draft));
}

std::string MappingReader::text_of(std::size_t column) const {
  const boost::json::value& value = values_[column];
  if (value.is_null()) return "";
  return value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
}

std::string MappingReader::filled_in(const std::string& text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = std::min(text.find('{', at), text.size());
    out += text.substr(at, open - at);
    if (open == text.size()) break;
    const std::size_t close = text.find('}', open);
    const std::string name = text.substr(open + 1, close - open - 1);
    out += name == "member" ? member_ : text_of(*mapping_.find_column(name));
    at = close + 1;
  }
  return out;
}

Result<boost::json::value> MappingReader::value_of(const Source& source, const Pseudonyms& pseudonyms) const {
  switch (source.kind) {
    case Source::Kind::constant:
      return source.constant;
    case Source::Kind::column:
      return values_[source.columns.front()];
    case Source::Kind::text:
      return boost::json::value(boost::json::string(filled_in(source.text)));
    case Source::Kind::derived: {
      std::string made_of = mapping_.format;
      for (const std::size_t column : source.columns) (made_of += between_keys) += text_of(column);
      return boost::json::value(boost::json::string(pseudonyms.derived_id(source.text, made_of)));
    }
    case Source::Kind::document: {
      if (values_[source.columns.front()].is_null()) return boost::json::value(nullptr);
      return boost::json::value{{"document", text_of(source.columns.front())}};
    }
    case Source::Kind::weeks:
      return read_weeks(text_of(source.columns[0]), text_of(source.columns[1]), text_of(source.columns[2]));
  }
  return boost::json::value(nullptr);
}

Reject MappingReader::explain(const Draft& draft, const Error& error) const {
  const auto rule = std::ranges::find(mapping_.events, draft.type, &EventRule::type);
  const FieldRule* best = nullptr;
  for (const FieldRule& field : rule->fields) {
    const bool named = error.message.find(field.path.text()) != std::string::npos && !field.source.columns.empty();
    if (named && (best == nullptr || field.path.text().size() > best->path.text().size())) best = &field;
  }
  if (best != nullptr) return reject(best->source.columns.front(), error);
  return reject_row(error.code, csv_.position(0), error.message, csv_.original());
}

}  // namespace iro::files

#include "hub/schema/attributes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace iro::schema {
namespace {

using Words = std::initializer_list<std::string_view>;

constexpr std::uint16_t retention_most_months = 1'200;

tl::unexpected<Error> refuse(std::string text) { return fail(Errc::invalid_argument, std::move(text)); }

bool one_of(std::string_view word, Words words) { return std::ranges::find(words, word) != words.end(); }

Status only_known(const AttributeList* list, Words known) {
  if (list == nullptr) return {};
  for (const auto* pair : *list) {
    if (!one_of(pair->key()->string_view(), known)) {
      return refuse(fmt::format("attribute {} is unknown here", pair->key()->string_view()));
    }
  }
  return {};
}

/// "nl.placements.vacancy.opened.v1": lower case, at least two dots before the version.
bool is_type_name(std::string_view name) {
  const auto version = name.rfind(".v");
  if (version == std::string_view::npos || version + 2 == name.size() || name.size() > 255) return false;
  const auto digits = name.substr(version + 2);
  const auto words = name.substr(0, version);
  const bool number = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }) && digits[0] != '0';
  const bool letters = std::ranges::all_of(
      words, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
  return number && letters && std::ranges::count(words, '.') >= 2 && words.find("..") == std::string_view::npos &&
         words.front() != '.' && words.back() != '.';
}

std::optional<Routing> routing_from(std::string_view word) {
  for (const Routing r : {Routing::publik, Routing::regional, Routing::parties, Routing::sealed, Routing::operators}) {
    if (name_of(r) == word) return r;
  }
  return std::nullopt;
}

/// Member roles, parted by spaces.
Result<std::vector<std::string>> roles_from(const AttributeList* list, std::string_view name) {
  std::vector<std::string> out;
  const std::string text = attribute(list, name).value_or("");
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (const std::string word = text.substr(at, end - at); !word.empty()) {
      if (!one_of(word, {"school", "care_provider", "pool", "bureau", "employer", "operator"})) {
        return refuse(fmt::format("attribute {}: {} is no role of a member", name, word));
      }
      out.push_back(word);
    }
    at = end + 1;
  }
  return out;
}

Result<std::uint16_t> number_from(std::string_view name, const std::string& text, std::uint16_t most) {
  std::uint16_t out = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc{} || end != text.data() + text.size() || out > most) {
    return refuse(fmt::format("attribute {}: \"{}\" is no number up to {}", name, text, most));
  }
  return out;
}

Result<Format> format_from(const std::string& word, Kind kind) {
  for (const Format f : {Format::date, Format::timestamp, Format::week, Format::month}) {
    if (name_of(f) != word) continue;
    const Kind needed = f == Format::timestamp ? Kind::i64 : Kind::i32;
    if (kind == needed) return f;
    return refuse(fmt::format("attribute format: {} needs {}", word, f == Format::timestamp ? "long" : "int"));
  }
  return refuse(fmt::format("attribute format: {} is unknown", word));
}

Status needs_text(const FieldAttributes& a, Kind kind, Kind element) {
  const bool one = kind == Kind::text;
  const bool some = one || (kind == Kind::list && element == Kind::text);
  if ((a.subject || a.person) && !one) return refuse("a subject or person is a string");
  if (a.speaker && !one) return refuse("a speaker is the slug of one member");
  if ((a.party || a.identifier) && !some) return refuse("a party or identifier is a string or a list of strings");
  return {};
}

}  // namespace

std::optional<std::string> attribute(const AttributeList* list, std::string_view name) {
  if (list == nullptr) return std::nullopt;
  for (const auto* pair : *list) {
    if (pair->key()->string_view() != name) continue;
    return pair->value() == nullptr ? std::string() : pair->value()->str();
  }
  return std::nullopt;
}

std::string comment_of(const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* lines) {
  std::string out;
  if (lines == nullptr) return out;
  for (const auto* line : *lines) {
    std::string_view words = line->string_view();
    while (words.starts_with(' ')) words.remove_prefix(1);
    if (!out.empty()) out += ' ';
    out += words;
  }
  return out;
}

Result<EventType> read_event_attributes(const reflection::Object& object) {
  const auto* list = object.attributes();
  IRO_TRY(only_known(list, {"event", "revision", "routing", "gate", "opens", "closes", "senders", "readers",
                            "masked_readers", "roles", "retention", "nl", "en"}),
          "event");
  for (const std::string_view needed : {"routing", "senders", "retention", "nl", "en"}) {
    if (!attribute(list, needed)) return refuse(fmt::format("attribute {} is missing", needed));
  }
  EventType type;
  type.name = attribute(list, "event").value_or("");
  type.table = object.name()->str();
  if (!is_type_name(type.name)) return refuse(fmt::format("attribute event: \"{}\" is no type name", type.name));
  const auto routing = routing_from(*attribute(list, "routing"));
  if (!routing) return refuse(fmt::format("attribute routing: {} is unknown", *attribute(list, "routing")));
  type.routing = *routing;
  for (const auto& [name, gate] :
       {std::pair{"gate", &EventType::gate}, {"opens", &EventType::opens}, {"closes", &EventType::closes}}) {
    const auto word = attribute(list, name);
    if (!word) continue;
    if (!one_of(*word, {"consent", "match-date"}))
      return refuse(fmt::format("attribute {}: {} is unknown", name, *word));
    type.*gate = *word == "consent" ? Gate::consent : Gate::match_date;
  }
  const auto retention = number_from("retention", *attribute(list, "retention"), retention_most_months);
  if (!retention) return fail(retention.error());
  type.retention_months = *retention;
  const auto revision = number_from("revision", attribute(list, "revision").value_or("1"), UINT16_MAX);
  if (!revision) return fail(revision.error());
  type.revision = *revision;
  for (const auto& [name, member] : {std::pair{"senders", &EventType::senders},
                                     {"readers", &EventType::readers},
                                     {"masked_readers", &EventType::masked_readers},
                                     {"roles", &EventType::roles}}) {
    auto roles = roles_from(list, name);
    if (!roles) return fail(roles.error());
    type.*member = std::move(*roles);
  }
  type.nl = *attribute(list, "nl");
  type.en = *attribute(list, "en");
  if (type.nl.empty() || type.en.empty()) return refuse("attributes nl and en must say what people call it");
  return type;
}

Status check_table_attributes(const reflection::Object& object) {
  return only_known(object.attributes(), {"nl", "en"});
}

Result<FieldAttributes> read_field_attributes(const reflection::Field& field, Kind kind, Kind element) {
  const auto* list = field.attributes();
  // `id` and `required` are FlatBuffers' own; they are here when flatc was told to keep its built-in ones.
  IRO_TRY(only_known(list, {"subject", "person", "party", "personal", "special_category", "identifier", "gate_key",
                            "speaker", "until", "format", "nl", "en", "id", "required"}),
          field.name()->str());
  FieldAttributes out;
  out.subject = attribute(list, "subject").has_value();
  out.person = attribute(list, "person").has_value();
  out.party = attribute(list, "party").has_value();
  out.personal = attribute(list, "personal").has_value();
  out.special_category = attribute(list, "special_category").has_value();
  out.identifier = attribute(list, "identifier").has_value();
  out.gate_key = attribute(list, "gate_key").has_value();
  out.speaker = attribute(list, "speaker").has_value();
  out.until = attribute(list, "until").has_value();
  IRO_TRY(needs_text(out, kind, element), field.name()->str());
  if (out.subject + out.person + out.party > 1) return refuse("a field is one of subject, person and party");
  if ((out.subject || out.party) && (out.personal || out.special_category)) {
    return refuse("a subject or party is a thing or a member: it cannot be personal");
  }
  if ((out.subject || out.person) && !field.required()) return refuse("a subject or person is required");
  if (const auto word = attribute(list, "format")) {
    const auto format = format_from(*word, kind);
    if (!format) return fail(format.error());
    out.format = *format;
  }
  if (out.until && out.format != Format::date) return refuse("until is a date");
  return out;
}

Status check_together(const EventType& type) {
  const TypePlan& plan = *type.plan;
  const bool regional = type.routing == Routing::regional;
  const bool to_parties = type.routing == Routing::parties || type.routing == Routing::sealed;
  if (regional && type.readers.empty() && type.masked_readers.empty()) return refuse("regional needs readers");
  if (!regional && !(type.readers.empty() && type.masked_readers.empty())) {
    return refuse("readers and masked_readers are for regional types");
  }
  if (!to_parties && !type.roles.empty()) return refuse("roles are for types routed to parties");
  if (to_parties && plan.parties == 0 && type.roles.empty()) return refuse("it is routed to parties, and names none");
  if (type.routing == Routing::sealed && plan.parties == 0)
    return refuse("a sealed type needs a party who can open it");
  if (type.routing == Routing::publik && type.datacategory != "none") {
    return refuse("it is public, and has personal data");
  }
  if (type.gate != Gate::none && !to_parties) return refuse("a gate is for types routed to parties");
  const bool gated = type.gate != Gate::none || type.opens != Gate::none || type.closes != Gate::none;
  if (gated == plan.gate_keys.empty()) return refuse("gate_key fields and gate, opens or closes belong together");
  if (plan.until != no_index && type.opens == Gate::none) return refuse("until is for what opens a gate");
  return {};
}

}  // namespace iro::schema

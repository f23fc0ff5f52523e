#include "hub/schema/describe.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace iro::schema {
namespace {

namespace json = boost::json;

/// The page's own words, in the reader's language.
struct Words {
  bool nl;
  [[nodiscard]] std::string_view operator()(std::string_view dutch, std::string_view english) const {
    return nl ? dutch : english;
  }
};

std::string list_of(const std::vector<std::string>& words, std::string_view none) {
  return words.empty() ? std::string(none) : fmt::format("{}", fmt::join(words, ", "));
}

std::string who_hears(const EventType& type, Words w) {
  switch (type.routing) {
    case Routing::publik:
      return std::string(w("elk lid", "every member"));
    case Routing::regional: {
      std::string out = list_of(type.readers, "-");
      if (!type.masked_readers.empty()) {
        out += fmt::format("; {} {}", w("zonder persoonsgegevens:", "without personal data:"),
                           list_of(type.masked_readers, ""));
      }
      return out;
    }
    case Routing::parties:
    case Routing::sealed: {
      std::string out(w("de leden die erin genoemd zijn", "the members named in it"));
      if (!type.roles.empty()) out += fmt::format(", {}", list_of(type.roles, ""));
      if (type.routing == Routing::sealed)
        out += w("; alleen leesbaar voor de ontvangers", "; readable to the recipients only");
      return out;
    }
    case Routing::operators:
      return std::string(w("de beheerder", "the operator"));
  }
  return {};
}

std::string kind_words(const TypePlan& plan, const Step& step, Kind kind, Words w) {
  if (kind == Kind::list)
    return fmt::format("{} {}", w("lijst van", "list of"), kind_words(plan, step, step.element, w));
  if (kind == Kind::table) {
    const std::string& name = plan.tables[step.table].name;
    return name.substr(name.rfind('.') + 1);
  }
  if (step.enumeration != no_index) {
    const EnumPlan& e = plan.enums[step.enumeration];
    return e.name.substr(e.name.rfind('.') + 1);
  }
  if (step.format != Format::none) {
    switch (step.format) {
      case Format::date:
        return std::string(w("datum", "date"));
      case Format::timestamp:
        return std::string(w("tijdstip", "time"));
      case Format::week:
        return "week";
      default:
        return std::string(w("maand", "month"));
    }
  }
  switch (kind) {
    case Kind::boolean:
      return std::string(w("ja/nee", "yes/no"));
    case Kind::text:
      return std::string(w("tekst", "text"));
    case Kind::blob:
      return std::string(w("bytes (base64)", "bytes (base64)"));
    default:
      return std::string(w("getal", "number"));
  }
}

std::string_view gate_words(Gate gate, Words w) {
  return gate == Gate::consent ? w("toestemming van de student", "the student's consent")
                               : w("de matchdatum", "the match date");
}

std::string_view attribute_words(std::string_view attribute, Words w) {
  if (attribute == "subject") return w("onderwerp", "subject");
  if (attribute == "person") return w("pseudoniem van de betrokkene", "pseudonym of the data subject");
  if (attribute == "party") return w("lid dat partij is", "member who is a party");
  if (attribute == "personal") return w("persoonsgegeven", "personal");
  if (attribute == "gate_key") return w("waarover de opening gaat", "what the opening is about");
  if (attribute == "speaker")
    return w("wiens woord het is: alleen dit lid mag het sturen", "whose word it is: only this member may send it");
  if (attribute == "until") return w("tot en met", "through");
  if (attribute == "special_category") return w("bijzonder persoonsgegeven", "special category");
  return w("officieel nummer of code", "official number or code");
}

void describe_table(const TypePlan& plan, const TablePlan& table, Words w, std::string& out) {
  std::size_t width = 0;
  for (const FieldText& f : table.fields) width = std::max(width, f.name.size());
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    const FieldText& f = table.fields[i];
    const Step& step = table.steps[i];
    fmt::format_to(std::back_inserter(out), "  {:<{}}  {}", f.name, width, kind_words(plan, step, step.kind, w));
    if (step.is(required)) fmt::format_to(std::back_inserter(out), ", {}", w("verplicht", "required"));
    for (const std::string& a : f.attributes) fmt::format_to(std::back_inserter(out), "; {}", attribute_words(a, w));
    out += '\n';
    const std::string& label = w.nl && !f.nl.empty() ? f.nl : !w.nl && !f.en.empty() ? f.en : f.comment;
    if (!label.empty()) fmt::format_to(std::back_inserter(out), "  {:<{}}    {}\n", "", width, label);
  }
}

void describe_codes(const EnumPlan& e, std::string& out) {
  fmt::format_to(std::back_inserter(out), "\n{}\n ", e.name.substr(e.name.rfind('.') + 1));
  for (std::size_t v = 0; v < e.names.size(); ++v) {
    if (e.has(v)) fmt::format_to(std::back_inserter(out), " {}", e.names[v]);
  }
  out += '\n';
}

json::array texts(const std::vector<std::string>& words) {
  json::array out;
  for (const std::string& word : words) out.emplace_back(word);
  return out;
}

json::object field_json(const TypePlan& plan, const TablePlan& table, std::size_t i) {
  const FieldText& f = table.fields[i];
  const Step& step = table.steps[i];
  const Kind kind = step.kind == Kind::list ? step.element : step.kind;
  json::object out{{"name", f.name}, {"kind", json::string_view(name_of(kind).data(), name_of(kind).size())}};
  if (step.kind == Kind::list) out["list"] = true;
  if (step.table != no_index) out["table"] = plan.tables[step.table].name;
  if (step.enumeration != no_index) out["enum"] = plan.enums[step.enumeration].name;
  if (step.format != Format::none) out["format"] = std::string(name_of(step.format));
  if (step.is(required)) out["required"] = true;
  if (!f.attributes.empty()) out["attributes"] = texts(f.attributes);
  if (!f.nl.empty()) out["nl"] = f.nl;
  if (!f.en.empty()) out["en"] = f.en;
  if (!f.comment.empty()) out["comment"] = f.comment;
  return out;
}

}  // namespace

std::string describe_type(const EventType& type, std::string_view lang) {
  const Words w{lang == "nl"};
  const TypePlan& plan = *type.plan;
  std::string out = fmt::format("{}\n{}\n\n", type.name, w(type.nl, type.en));
  const auto row = [&](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "  {:<16}  {}\n", name, value);
  };
  row(w("verstuurd door", "sent by"), list_of(type.senders, w("regels van de hub", "rules of the hub")));
  row(w("gehoord door", "heard by"), who_hears(type, w));
  if (type.gate != Gate::none) {
    row(w("wacht op", "waits for"), gate_words(type.gate, w));
  }
  for (const auto& [gate, dutch, english] : {std::tuple{type.opens, "opent wat wacht op", "opens what waits for"},
                                             {type.closes, "sluit wat wacht op", "closes what waits for"}}) {
    if (gate != Gate::none) row(w(dutch, english), gate_words(gate, w));
  }
  row(w("persoonsgegevens", "personal data"), type.datacategory == "none"      ? w("geen", "none")
                                              : type.datacategory == "special" ? w("bijzondere", "special category")
                                                                               : w("ja", "yes"));
  row(w("bewaard", "kept"), type.retention_months == 0
                                ? std::string(w("voor altijd", "for ever"))
                                : fmt::format("{} {}", type.retention_months, w("maanden", "months")));
  row(w("revisie", "revision"), std::to_string(type.revision));
  for (const TablePlan& table : plan.tables) {
    fmt::format_to(std::back_inserter(out), "\n{}\n", table.name.substr(table.name.rfind('.') + 1));
    describe_table(plan, table, w, out);
  }
  for (const EnumPlan& e : plan.enums) describe_codes(e, out);
  return out;
}

std::string describe_type_json(const EventType& type) {
  const TypePlan& plan = *type.plan;
  json::object out{{"type", type.name},
                   {"table", type.table},
                   {"revision", type.revision},
                   {"nl", type.nl},
                   {"en", type.en},
                   {"routing", std::string(name_of(type.routing))},
                   {"gate", std::string(name_of(type.gate))},
                   {"opens", std::string(name_of(type.opens))},
                   {"closes", std::string(name_of(type.closes))},
                   {"retention_months", type.retention_months},
                   {"datacategory", type.datacategory},
                   {"senders", texts(type.senders)},
                   {"roles", texts(type.roles)},
                   {"readers", texts(type.readers)},
                   {"masked_readers", texts(type.masked_readers)},
                   {"schema_hash", to_hex(type.schema_hash)}};
  json::object tables;
  for (const TablePlan& table : plan.tables) {
    json::array fields;
    for (std::size_t i = 0; i < table.fields.size(); ++i) fields.push_back(field_json(plan, table, i));
    tables[table.name] = std::move(fields);
  }
  out["tables"] = std::move(tables);
  json::object enums;
  for (const EnumPlan& e : plan.enums) {
    json::array codes;
    for (std::size_t v = 0; v < e.names.size(); ++v) {
      if (e.has(v)) codes.emplace_back(e.names[v]);
    }
    enums[e.name] = std::move(codes);
  }
  out["enums"] = std::move(enums);
  return json::serialize(out);
}

}  // namespace iro::schema

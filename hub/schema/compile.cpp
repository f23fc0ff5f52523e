// From the reflection data of a .bfbs to plans (plan.hpp). Runs at start-up and
// when a plugin brings a schema; strict, for what is wrong here is wrong for good.
#include <flatbuffers/reflection_generated.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "hub/schema/attributes.hpp"
#include "hub/schema/plan.hpp"

namespace iro::schema {
namespace {

using reflection::BaseType;

tl::unexpected<Error> refuse(std::string text) { return fail(Errc::invalid_argument, std::move(text)); }

std::optional<Kind> kind_of(BaseType type) {
  switch (type) {
    case BaseType::Bool:
      return Kind::boolean;
    case BaseType::Byte:
      return Kind::i8;
    case BaseType::UByte:
      return Kind::u8;
    case BaseType::Short:
      return Kind::i16;
    case BaseType::UShort:
      return Kind::u16;
    case BaseType::Int:
      return Kind::i32;
    case BaseType::UInt:
      return Kind::u32;
    case BaseType::Long:
      return Kind::i64;
    case BaseType::ULong:
      return Kind::u64;
    case BaseType::Float:
      return Kind::f32;
    case BaseType::Double:
      return Kind::f64;
    case BaseType::String:
      return Kind::text;
    case BaseType::Obj:
      return Kind::table;
    case BaseType::Vector:
      return Kind::list;
    default:
      return std::nullopt;
  }
}

/// Compiles one event type with the tables and enums that it reaches.
class Compiler {
 public:
  explicit Compiler(const reflection::Schema& schema) : schema_(schema) {}

  Result<EventType> event(const reflection::Object& object) {
    auto type = read_event_attributes(object);
    if (!type) return type;
    const auto root = table(object);
    if (!root) return fail(root.error());
    spread_leads();
    sort_gate_keys();
    type->has_person = plan_.person != no_index;
    type->has_personal_fields = personal_ || special_;
    type->datacategory = special_ ? "special" : type->has_person || personal_ ? "personal" : "none";
    type->plan = std::make_shared<const TypePlan>(std::move(plan_));
    IRO_TRY(check_together(*type), "attributes");
    return type;
  }

 private:
  Result<std::uint16_t> table(const reflection::Object& object) {
    const std::string name = object.name()->str();
    if (const auto known = table_numbers_.find(name); known != table_numbers_.end()) return known->second;
    if (object.is_struct()) return refuse(fmt::format("{} is a struct: use a table", name));
    const auto number = static_cast<std::uint16_t>(plan_.tables.size());
    table_numbers_[name] = number;
    plan_.tables.push_back({name, {}, {}});
    std::vector<const reflection::Field*> fields(object.fields()->begin(), object.fields()->end());
    std::ranges::sort(fields, {}, &reflection::Field::id);
    TablePlan out{name, {}, {}};
    for (const auto* f : fields) {
      if (f->id() != out.steps.size()) return refuse(fmt::format("{}: the field ids have a gap", name));
      FieldText text;
      const auto step = field(*f, number == 0, text);
      if (!step) return fail(step.error().within(fmt::format("{}.{}", name, f->name()->string_view())));
      if (number == 0) IRO_TRY(note_root_field(text, out.steps.size()), fmt::format("{}.{}", name, text.name));
      out.steps.push_back(*step);
      out.fields.push_back(std::move(text));
    }
    plan_.tables[number] = std::move(out);
    return number;
  }

  Result<Step> field(const reflection::Field& f, bool in_root, FieldText& text) {
    if (f.deprecated()) return refuse("is deprecated: fields stay; a type that must lose one becomes a new version");
    auto step = shape(*f.type());
    if (!step) return step;
    const auto a = read_field_attributes(f, step->kind, step->element);
    if (!a) return fail(a.error());
    if ((a->subject || a->person) && !in_root) return refuse("a subject or person stands in the event's own table");
    if (step->enumeration != no_index && step->kind != Kind::list && !f.optional()) {
      return refuse("an enum field is `= null`, or absent would read as its first value");
    }
    const bool is_text = step->kind == Kind::text || step->element == Kind::text;
    step->format = a->format;
    const auto flag = [&](bool on, StepFlag value) {
      if (on) step->flags |= value;
    };
    flag(f.required(), required);
    flag(a->party, party);
    flag(a->gate_key, gate_key);
    if ((a->gate_key || a->speaker || a->until) && !in_root) return refuse("it stands in the event's own table");
    if (a->gate_key && step->kind != Kind::text && step->enumeration == no_index)
      return refuse("a gate_key is a string or a code");
    flag(a->personal || a->special_category || a->person, hidden);
    flag(is_text && !a->identifier && !a->subject && !a->person && !a->party, detected);
    personal_ = personal_ || a->personal;
    special_ = special_ || a->special_category;
    plan_.parties = static_cast<std::uint16_t>(plan_.parties + (a->party ? 1 : 0));
    text.name = f.name()->str();
    text.nl = attribute(f.attributes(), "nl").value_or("");
    text.en = attribute(f.attributes(), "en").value_or("");
    text.comment = comment_of(f.documentation());
    for (const auto& [on, name] : {std::pair{a->subject, "subject"},
                                   {a->person, "person"},
                                   {a->party, "party"},
                                   {a->personal, "personal"},
                                   {a->special_category, "special_category"},
                                   {a->identifier, "identifier"},
                                   {a->gate_key, "gate_key"},
                                   {a->speaker, "speaker"},
                                   {a->until, "until"}}) {
      if (on) text.attributes.emplace_back(name);
    }
    return step;
  }

  /// The step for a field's type, without what attributes say.
  Result<Step> shape(const reflection::Type& type) {
    Step step;
    const auto kind = kind_of(type.base_type());
    if (!kind) return refuse("is of a kind that events do not use (no unions, no fixed arrays)");
    step.kind = *kind;
    if (*kind != Kind::list) return with_index(step, *kind, type.index());
    const auto element = kind_of(type.element());
    if (!element || *element == Kind::list) return refuse("is a list of a kind that events do not use");
    if (inline_size(*element) == 8) return refuse("is a list of 8-byte numbers, which verifiers read misaligned");
    if (*element == Kind::u8 && type.index() < 0) {
      step.kind = Kind::blob;
      return step;
    }
    step.element = *element;
    return with_index(step, *element, type.index());
  }

  Result<Step> with_index(Step step, Kind kind, std::int32_t index) {
    if (kind == Kind::table) {
      if (index < 0 || static_cast<std::uint32_t>(index) >= schema_.objects()->size()) return refuse("has no table");
      const auto& object = *schema_.objects()->Get(static_cast<std::uint32_t>(index));
      if (!attribute(object.attributes(), "event")) {
        IRO_TRY(check_table_attributes(object), object.name()->str());
      }
      const auto number = table(object);
      if (!number) return fail(number.error());
      step.table = *number;
    } else if (index >= 0) {
      const auto number = enumeration(static_cast<std::uint32_t>(index));
      if (!number) return fail(number.error());
      step.enumeration = *number;
    }
    return step;
  }

  Result<std::uint16_t> enumeration(std::uint32_t index) {
    if (index >= schema_.enums()->size()) return refuse("has no enum");
    const auto& e = *schema_.enums()->Get(index);
    if (e.is_union()) return refuse(fmt::format("{} is a union", e.name()->string_view()));
    const auto known = enum_numbers_.find(index);
    if (known != enum_numbers_.end()) return known->second;
    EnumPlan out;
    out.name = e.name()->str();
    for (const auto* v : *e.values()) {
      if (v->value() < 0 || v->value() > 63) return refuse(fmt::format("{}: values are 0 to 63", out.name));
      out.valid |= 1ULL << v->value();
      out.names[static_cast<std::size_t>(v->value())] = v->name()->str();
    }
    const auto number = static_cast<std::uint16_t>(plan_.enums.size());
    enum_numbers_[index] = number;
    plan_.enums.push_back(std::move(out));
    return number;
  }

  Status note_root_field(const FieldText& text, std::size_t slot) {
    for (const auto& [name, place] : {std::pair{"subject", &plan_.subject},
                                      {"person", &plan_.person},
                                      {"speaker", &plan_.speaker},
                                      {"until", &plan_.until}}) {
      if (std::ranges::find(text.attributes, name) == text.attributes.end()) continue;
      if (*place != no_index) return refuse(fmt::format("there is another {} before it", name));
      *place = static_cast<std::uint16_t>(slot);
    }
    return {};
  }

  void sort_gate_keys() {
    const TablePlan& root = plan_.tables.front();
    for (std::size_t i = 0; i < root.steps.size(); ++i) {
      if (root.steps[i].is(gate_key)) plan_.gate_keys.push_back(static_cast<std::uint16_t>(i));
    }
    std::ranges::sort(plan_.gate_keys, {}, [&](std::uint16_t i) { return std::string_view(root.fields[i].name); });
  }

  /// A step leads to a party or a text when the table below it has one: until nothing changes, for tables may recur.
  void spread_leads() {
    for (bool changed = true; changed;) {
      changed = false;
      for (TablePlan& table : plan_.tables) {
        for (Step& step : table.steps) {
          if (step.table == no_index) continue;
          std::uint8_t below = 0;
          for (const Step& s : plan_.tables[step.table].steps) {
            if (s.is(party) || s.is(leads_to_party)) below |= leads_to_party;
            if (s.is(detected) || s.is(leads_to_text)) below |= leads_to_text;
          }
          changed = changed || (step.flags | below) != step.flags;
          step.flags |= below;
        }
      }
    }
  }

  const reflection::Schema& schema_;
  TypePlan plan_;
  std::map<std::string, std::uint16_t> table_numbers_;
  std::map<std::uint32_t, std::uint16_t> enum_numbers_;
  bool personal_ = false;
  bool special_ = false;
};

}  // namespace

std::uint16_t TablePlan::find(std::string_view field) const {
  const auto at = std::ranges::find(fields, field, &FieldText::name);
  return at == fields.end() ? no_index : static_cast<std::uint16_t>(at - fields.begin());
}

std::vector<std::string_view> gate_key_fields(const TypePlan& plan) {
  std::vector<std::string_view> out;
  for (const std::uint16_t i : plan.gate_keys) out.push_back(plan.tables.front().fields[i].name);
  return out;
}

Result<std::vector<EventType>> compile(ByteView bfbs) {
  const Bytes aligned(bfbs.begin(), bfbs.end());
  flatbuffers::Verifier verifier(aligned.data(), aligned.size());
  if (!reflection::VerifySchemaBuffer(verifier)) return refuse("this is no .bfbs of flatc");
  const auto& schema = *reflection::GetSchema(aligned.data());
  std::vector<EventType> out;
  for (const auto* object : *schema.objects()) {
    if (!attribute(object->attributes(), "event")) {
      IRO_TRY(check_table_attributes(*object), fmt::format("table {}", object->name()->string_view()));
      continue;
    }
    auto type = Compiler(schema).event(*object);
    if (!type) return fail(type.error().within(fmt::format("table {}", object->name()->string_view())));
    out.push_back(std::move(*type));
  }
  if (out.empty()) return refuse("it has no event types");
  return out;
}

}  // namespace iro::schema

#include "hub/schema/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "hub/base/crypto.hpp"
#include "hub/schema/builtin.hpp"
#include "hub/schema/describe.hpp"
#include "hub/schema/event_json.hpp"
#include "hub/schema/facts.hpp"
#include "hub/schema/json.hpp"
#include "hub/schema/rebuild.hpp"
#include "hub/schema/verify.hpp"

namespace iro::schema {
namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// "nl.placements.vacancy.opened.v1" -> "vacancy.opened"
std::string_view short_form(std::string_view name) {
  constexpr std::string_view ours = "nl.placements.";
  if (name.starts_with(ours)) name.remove_prefix(ours.size());
  const auto version = name.rfind(".v");
  return version == std::string_view::npos ? name : name.substr(0, version);
}

}  // namespace

struct Registry::Impl {
  std::unordered_map<std::string, EventType, TextHash, std::equal_to<>> types;
  std::vector<SchemaFile> files;
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;

Result<Registry> Registry::builtin() {
  Registry out;
  for (const EmbeddedFile& file : builtin_schemas()) {
    IRO_TRY(out.add(file.bytes), file.name);
  }
  IRO_TRY(out.check_gates(), "schemas");
  return out;
}

Status Registry::add(ByteView bfbs) {
  auto types = compile(bfbs);
  if (!types) return fail(types.error());
  const Hash hash = sha256(bfbs);
  for (const EventType& type : *types) {
    if (find(type.name) != nullptr) return fail(Errc::invalid_argument, fmt::format("{} is there already", type.name));
    const auto twins = std::ranges::count(*types, type.name, &EventType::name);
    if (twins > 1) return fail(Errc::invalid_argument, fmt::format("{} is there twice", type.name));
  }
  // A file is named after the subject of its first type: nl.placements.vacancy.opened.v1 -> vacancy.bfbs.
  const std::string_view first = short_form(types->front().name);
  impl_->files.push_back({hash, fmt::format("{}.bfbs", first.substr(0, first.rfind('.'))), to_bytes(bfbs)});
  for (EventType& type : *types) {
    type.schema_hash = hash;
    std::string name = type.name;
    impl_->types.emplace(std::move(name), std::move(type));
  }
  return {};
}

Status Registry::check_gates() const {
  std::map<Gate, const EventType*> first;
  for (const EventType* type : types()) {
    for (const Gate gate : {type->gate, type->opens, type->closes}) {
      if (gate == Gate::none) continue;
      const EventType* other = first.try_emplace(gate, type).first->second;
      if (gate_key_fields(*type->plan) == gate_key_fields(*other->plan)) continue;
      return fail(Errc::invalid_argument,
                  fmt::format("{} and {} have one gate, but not the same gate_key fields", type->name, other->name));
    }
  }
  return {};
}

const EventType* Registry::find(std::string_view type) const {
  const auto at = impl_->types.find(type);
  return at == impl_->types.end() ? nullptr : &at->second;
}

const EventType* Registry::find_loosely(std::string_view type) const {
  if (const EventType* exact = find(type)) return exact;
  const EventType* newest = nullptr;
  for (const EventType* candidate : types()) {
    if (short_form(candidate->name) != type) continue;
    const bool longer = newest != nullptr && candidate->name.size() < newest->name.size();  // v10 is after v9
    if (!longer) newest = candidate;
  }
  return newest;
}

std::vector<const EventType*> Registry::types() const {
  std::vector<const EventType*> out;
  out.reserve(impl_->types.size());
  for (const auto& [name, type] : impl_->types) out.push_back(&type);
  std::ranges::sort(out, {}, &EventType::name);
  return out;
}

const std::vector<Registry::SchemaFile>& Registry::files() const { return impl_->files; }

Status Registry::verify(const EventType& type, ByteView payload) const {
  return verify_payload(*type.plan, payload, Strictness::full);
}

Status Registry::verify_masked(const EventType& type, ByteView payload) const {
  return verify_payload(*type.plan, payload, Strictness::masked);
}

Facts Registry::facts(const EventType& type, ByteView payload) const { return facts_of(type, payload); }

void Registry::visit_texts(const EventType& type, ByteView payload, const TextVisitor& visit) const {
  visit_texts_of(*type.plan, payload, visit);
}

Result<Bytes> Registry::mask(const EventType& type, ByteView payload) const {
  IRO_TRY(verify_masked(type, payload), "mask");
  return masked_copy(*type.plan, payload);
}

Result<std::string> Registry::to_json(const EventType& type, ByteView payload) const {
  IRO_TRY(verify_masked(type, payload), type.name);
  std::string out;
  append_json(*type.plan, payload, out);
  return out;
}

Result<std::string> Registry::to_referenced_json(const EventType& type, ByteView payload,
                                                 const Reference& reference) const {
  IRO_TRY(verify_masked(type, payload), type.name);
  std::string out;
  append_referenced_json(*type.plan, payload, reference, out);
  return out;
}

Result<Bytes> Registry::from_json(const EventType& type, std::string_view json) const {
  const auto value = parse_json(json);
  if (!value) return fail(value.error());
  return payload_from_json(*type.plan, *value, "$");
}

Result<std::string> Registry::event_to_json(const EventView& event) const {
  return schema::event_to_json(*this, event);
}

Result<Event> Registry::event_from_json(std::string_view json) const { return schema::event_from_json(*this, json); }

std::string Registry::describe(const EventType& type, std::string_view lang) const { return describe_type(type, lang); }

std::string Registry::describe_json(const EventType& type) const { return describe_type_json(type); }

}  // namespace iro::schema

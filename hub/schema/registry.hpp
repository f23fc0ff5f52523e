// hub/schema/registry.hpp: what the hub knows of each event type.
//
// The schema file is the single source: who may hear a type, which field names
// its subject, its person and its parties, what is personal, how long it is
// kept, its Dutch and English names, all come from attributes in the .fbs,
// read here from the .bfbs that flatc makes of it. Loading compiles each type
// into a flat plan, so that the hot path (verify, facts) walks no reflection
// data.
//
// A Registry is built once and then only read: any thread may use a const one.
// Payloads come from outside: every function here accepts arbitrary bytes,
// aligned to 8, and refuses what does not verify.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/schema/event.hpp"

namespace iro::schema {

enum class Routing : std::uint8_t {
  publik = 1,
  regional = 2,
  parties = 3,
  sealed = 4,
  operators = 5
};                                                                         // permanent: on disk
enum class Gate : std::uint8_t { none = 0, consent = 1, match_date = 2 };  // permanent: on disk

std::string_view name_of(Routing routing);
std::string_view name_of(Gate gate);

struct TypePlan;  // the compiled form; see plan.hpp

struct EventType {
  std::string name;   // "nl.placements.vacancy.opened.v1"
  std::string table;  // "iro.events.VacancyOpened"
  std::uint16_t revision = 1;
  Routing routing = Routing::parties;
  Gate gate = Gate::none;                   // it waits for this
  Gate opens = Gate::none;                  // it opens what waits for this and has the same gate key
  Gate closes = Gate::none;                 // it closes it again
  std::uint16_t retention_months = 0;       // after which the payload is deleted; 0 = kept for ever
  std::vector<std::string> senders;         // roles that may publish by default
  std::vector<std::string> roles;           // roles that are party to every event of the type
  std::vector<std::string> readers;         // roles that hear it in full by default (regional)
  std::vector<std::string> masked_readers;  // roles that hear it masked by default (regional)
  std::string nl;
  std::string en;
  std::string datacategory;  // "personal", "special" or "none", from its fields
  bool has_person = false;
  bool has_personal_fields = false;
  Hash schema_hash{};  // SHA-256 of the .bfbs it came from
  std::shared_ptr<const TypePlan> plan;
};

/// What an opening is about: a hash of the payload's `gate_key` fields. The event that waits and the one that opens it
/// have the same. Permanent: on disk.
using GateKey = std::array<std::uint8_t, 16>;

/// What routing and admission must know of one payload. The views point into it.
struct Facts {
  std::string_view subject;  // "" when the type has no subject field
  std::string_view person;   // the pseudonym; "" when the type has no person
  struct Party {
    std::string_view field;   // "provider"; lives as long as the registry
    std::string_view member;  // the slug that stands in it
  };
  std::vector<Party> parties;  // only those given; an absent optional party is left out
  std::string_view speaker;    // the member whose word this must be; "" when the type does not say
  GateKey gate_key{};          // of types with gate, opens or closes
  TimeMs gate_until;           // what it opens closes then; 0 = never
};

/// A text of the payload that a person may have typed (not `identifier`, not
/// subject, person or party): what the personal-number detector reads.
using TextVisitor = std::function<void(std::string_view path, std::string_view text)>;

/// What stands in the place of a text that must not be shown; the same for the same text, so that what belongs together
/// still does.
using Reference = std::function<std::string(std::string_view text)>;

class Registry {
 public:
  Registry();
  ~Registry();
  Registry(Registry&&) noexcept;
  Registry& operator=(Registry&&) noexcept;

  /// The types that this build brings (schemas/*.fbs, embedded).
  static Result<Registry> builtin();

  /// Add the types of one .bfbs. Fails with Errc::invalid_argument when an
  /// attribute is missing, unknown or contradicts another one, or the type is
  /// there already; the message names table and attribute.
  Status add(ByteView bfbs);
  /// When all are added: types of one gate have the same gate_key fields, or what is opened would never be found.
  [[nodiscard]] Status check_gates() const;

  [[nodiscard]] const EventType* find(std::string_view type) const;
  /// By full name or the short form "vacancy.opened".
  [[nodiscard]] const EventType* find_loosely(std::string_view type) const;
  /// All types, sorted by name.
  [[nodiscard]] std::vector<const EventType*> types() const;
  /// Every .bfbs loaded, by hash: the log keeps a copy of each.
  struct SchemaFile {
    Hash hash;
    std::string name;
    Bytes bfbs;
  };
  [[nodiscard]] const std::vector<SchemaFile>& files() const;

  /// payload_invalid when the bytes are not a well-formed buffer of the type or
  /// a required field is absent; schema_newer_than_hub when it has a field
  /// that the type does not (masks and detectors would not see it).
  Status verify(const EventType& type, ByteView payload) const;
  /// The same for a masked payload: fields that are hidden from masked readers
  /// may be absent, also when required.
  Status verify_masked(const EventType& type, ByteView payload) const;

  /// Only after verify() or verify_masked() succeeded on the same bytes.
  [[nodiscard]] Facts facts(const EventType& type, ByteView payload) const;
  void visit_texts(const EventType& type, ByteView payload, const TextVisitor& visit) const;

  /// A payload of the type in which every `personal` (and person and special-category)
  /// field is absent; no byte of their contents remains.
  [[nodiscard]] Result<Bytes> mask(const EventType& type, ByteView payload) const;

  /// JSON of the payload, in schema order. Dates and times as ISO 8601, enums
  /// by name, [ubyte] as base64.
  [[nodiscard]] Result<std::string> to_json(const EventType& type, ByteView payload) const;
  /// The same with references in the place of personal data, of typed texts and of documents: to reproduce a fault
  /// with.
  [[nodiscard]] Result<std::string> to_referenced_json(const EventType& type, ByteView payload,
                                                       const Reference& reference) const;
  /// The reverse. Unknown names, wrong kinds and missing required fields are
  /// payload_invalid with a JSON path in the message.
  [[nodiscard]] Result<Bytes> from_json(const EventType& type, std::string_view json) const;

  /// The whole event as a structured-mode CloudEvent (attributes, `data` last), one line.
  [[nodiscard]] Result<std::string> event_to_json(const EventView& event) const;
  /// The reverse; `id`, `time` and `source` may be absent and then stay unset.
  [[nodiscard]] Result<Event> event_from_json(std::string_view json) const;

  /// The catalogue for people: `iro types show TYPE`. lang is "nl" or "en".
  [[nodiscard]] std::string describe(const EventType& type, std::string_view lang) const;
  /// The same as JSON: fields with kind, attributes, labels.
  [[nodiscard]] std::string describe_json(const EventType& type) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iro::schema

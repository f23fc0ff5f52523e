// hub/schema/plan.hpp: an event type as the hot path sees it.
//
// compile() turns the reflection data of a .bfbs into plans once; verifying,
// reading facts, masking and JSON then walk flat arrays of eight-byte steps.
// Plans are immutable after compile(): any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hub/base/error.hpp"
#include "hub/schema/registry.hpp"

namespace iro::limits {

inline constexpr std::size_t payload_depth = 16;      // tables within tables; ours need 4
inline constexpr std::size_t payload_tables = 8'192;  // visited: a few bytes can refer to one table many times

}  // namespace iro::limits

namespace iro::schema {

enum class Kind : std::uint8_t { boolean, i8, u8, i16, u16, i32, u32, i64, u64, f32, f64, text, blob, table, list };

/// What a number means to people; JSON shows it so.
enum class Format : std::uint8_t { none, date, timestamp, week, month };

/// Numbers of a table or an enum within a plan.
inline constexpr std::uint16_t no_index = 0xFFFF;

enum StepFlag : std::uint8_t {
  required = 1,
  party = 2,
  hidden = 4,           // personal, special category or the person: absent for masked readers
  detected = 8,         // a text that the personal-number detector reads
  leads_to_party = 16,  // the party is in a table below
  leads_to_text = 32,
  gate_key = 64,
};

/// What the hot path does with one field.
struct Step {
  Kind kind = Kind::boolean;
  Kind element = Kind::boolean;  // of a list
  Format format = Format::none;
  std::uint8_t flags = 0;
  std::uint16_t table = no_index;        // of a table, or of a list's elements
  std::uint16_t enumeration = no_index;  // of a number, or of a list's elements
  [[nodiscard]] bool is(StepFlag flag) const { return (flags & flag) != 0; }
};
static_assert(sizeof(Step) == 8);

/// What people see of one field.
struct FieldText {
  std::string name;
  std::string nl;
  std::string en;
  std::string comment;
  std::vector<std::string> attributes;  // "subject", "person", "party", "personal", ... as in common.fbs
};

/// Field i stands in slot i of the vtable: none is ever removed, so there are no gaps.
struct TablePlan {
  std::string name;
  std::vector<Step> steps;
  std::vector<FieldText> fields;
  [[nodiscard]] std::uint16_t find(std::string_view field) const;  // no_index when there is none
};

struct EnumPlan {
  std::string name;
  std::uint64_t valid = 0;  // bit v is set when v is a value
  std::vector<std::string> names = std::vector<std::string>(64);
  [[nodiscard]] bool has(std::uint64_t value) const { return value < 64 && (valid >> value & 1) != 0; }
};

struct TypePlan {
  std::vector<TablePlan> tables;  // the first is the event's own
  std::vector<EnumPlan> enums;
  std::uint16_t subject = no_index;  // fields of the first table
  std::uint16_t person = no_index;
  std::uint16_t speaker = no_index;
  std::uint16_t until = no_index;
  std::vector<std::uint16_t> gate_keys;  // sorted by the fields' names
  std::uint16_t parties = 0;             // fields marked party: a hint for reserve()
};

/// Bytes that a value of `kind` takes within its table or list.
constexpr std::size_t inline_size(Kind kind) {
  switch (kind) {
    case Kind::boolean:
    case Kind::i8:
    case Kind::u8:
      return 1;
    case Kind::i16:
    case Kind::u16:
      return 2;
    case Kind::i64:
    case Kind::u64:
    case Kind::f64:
      return 8;
    default:
      return 4;  // 32-bit numbers and references
  }
}
constexpr bool is_reference(Kind kind) { return kind >= Kind::text; }
constexpr bool is_signed(Kind kind) {
  return kind == Kind::i8 || kind == Kind::i16 || kind == Kind::i32 || kind == Kind::i64;
}

/// The names of the fields that make the gate key, sorted.
std::vector<std::string_view> gate_key_fields(const TypePlan& plan);

std::string_view name_of(Kind kind);
std::string_view name_of(Format format);

/// The event types of one .bfbs, with their plans and without schema_hash.
/// Fails with Errc::invalid_argument, naming table, field and attribute.
Result<std::vector<EventType>> compile(ByteView bfbs);

}  // namespace iro::schema
